// Where the cache on another machine is, and whose results are taken: what the environment of a build says of it.
import { createPrivateKey, createPublicKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "@sluice/protocol";
import type { RemoteCache } from "./lazy-cache.ts";

const nameDefault = "build";

/**
 * From `SLUICE_CACHE_URL`, `SLUICE_CACHE_TOKEN` (or `SLUICE_TOKEN`), `SLUICE_CACHE_KEY`, `SLUICE_CACHE_SIGNER`,
 * `SLUICE_CACHE_TRUSTED`. Undefined without a URL. Throws `invalid_config` for what is none.
 */
export function remoteCacheIn(env: Readonly<Record<string, string | undefined>>): RemoteCache | undefined {
  const said = (name: string): string | undefined => (env[name] === "" ? undefined : env[name]);
  const url = said("SLUICE_CACHE_URL")?.replace(/\/+$/, "");
  if (url === undefined) return undefined;
  if (!/^https?:\/\/./.test(url) || !URL.canParse(url))
    throw wrong("SLUICE_CACHE_URL", `${JSON.stringify(url)} is no URL`, "Such as https://sluice.example:7890");
  const [keyFile, folder] = [said("SLUICE_CACHE_KEY"), said("SLUICE_CACHE_TRUSTED")];
  const keys = {
    name: said("SLUICE_CACHE_SIGNER") ?? nameDefault,
    privateKey: keyFile === undefined ? undefined : read("SLUICE_CACHE_KEY", () => privateKeyIn(keyFile)),
    trusted: folder === undefined ? undefined : read("SLUICE_CACHE_TRUSTED", () => keysIn(folder)),
  };
  return { url, token: said("SLUICE_CACHE_TOKEN") ?? said("SLUICE_TOKEN") ?? "", keys };
}

function privateKeyIn(file: string): string {
  const pem = readFileSync(file, "utf8");
  return checked(createPrivateKey(pem), pem);
}

function checked({ asymmetricKeyType }: KeyObject, pem: string): string {
  if (asymmetricKeyType !== "ed25519") throw new Error("it is no Ed25519 key");
  return pem;
}

/** `NAME.pem` holds the public key of who signs as NAME. */
function keysIn(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".pem"));
  return Object.fromEntries(
    files.map((file) => {
      const pem = readFileSync(join(folder, file), "utf8");
      return [file.slice(0, -4), checked(createPublicKey(pem), pem)];
    }),
  );
}

function read<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw wrong(name, `it cannot be read (${why})`, "It names a file or folder with keys in PEM format.");
  }
}

function wrong(name: string, why: string, hint: string): SluiceError {
  return new SluiceError({ code: "invalid_config", message: `${name}: ${why}.`, hint });
}
