// Certificates that are replaced while the server runs: the files are looked at now and then, and new connections get what is
// in them. Connections that are open go on with what they began with.
import { readFileSync, statSync } from "node:fs";
import type { Clock, Logger } from "@sluice/core";
import { SluiceError } from "@sluice/protocol";

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** In PEM format. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/** Reads both files. Throws `invalid_config` for what cannot be used, as a key that belongs to another certificate. */
export function readTls(files: TlsFiles): TlsPair {
  try {
    const pair = { cert: readFileSync(files.cert, "utf8"), key: readFileSync(files.key, "utf8") };
    // Loaded where there is a certificate, and nowhere else.
    process.getBuiltinModule("node:tls").createSecureContext(pair);
    return pair;
  } catch (error) {
    throw new SluiceError({
      code: "invalid_config",
      message: `TLS cannot use ${files.cert} with ${files.key}: ${error instanceof Error ? error.message : String(error)}`,
      hint: "Both are PEM files; the certificate comes with those that lead to its issuer.",
    });
  }
}

/** Looks for changes until it is stopped; what cannot be used is logged, and what there was goes on. */
export function followTls(p: {
  readonly files: TlsFiles;
  readonly clock: Clock;
  readonly log: Logger;
  readonly checkMs: number;
  readonly changed: (pair: TlsPair) => void;
}): () => void {
  const { files, clock, log, checkMs, changed } = p;
  let seen = stampOf(files);
  let cancel = (): void => undefined;
  const arm = (): void => {
    cancel = clock.after(checkMs, look);
  };
  const look = (): void => {
    const now = stampOf(files);
    if (now !== undefined && now !== seen) {
      seen = now;
      try {
        changed(readTls(files));
        log("info", "new connections get the new certificate", { cert: files.cert });
      } catch (error) {
        log("error", "the new certificate cannot be used; the one before goes on", { error: String(error) });
      }
    }
    arm();
  };
  arm();
  return () => cancel();
}

/** Undefined while one of them is being put into place. */
function stampOf({ cert, key }: TlsFiles): string | undefined {
  try {
    const [a, b] = [statSync(cert), statSync(key)];
    return `${a.mtimeMs} ${a.ino} ${a.size} ${b.mtimeMs} ${b.ino} ${b.size}`;
  } catch {
    return undefined;
  }
}
