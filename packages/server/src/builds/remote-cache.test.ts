// Builds with a cache on another machine: what one made the other takes, signed where that is asked for, and an outage fails nothing.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unwrap } from "@sluice/core";
import { HttpFixture, token } from "../http-fixture.ts";
import { localBuild } from "./local-build.ts";
import { remoteCacheIn } from "./remote-cache.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-remote-build-"));
let f: HttpFixture;
let http: Bun.Server<undefined>;
beforeAll(async () => {
  f = await HttpFixture.make();
  http = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => f.http.fetch(request, f.connections) });
});
afterAll(async () => {
  await http.stop(true);
  await f[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function write(root: string, path: string, content: string | object): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
}

/** One of two machines, each with a copy of the workspace and a cache of its own; the input says `text`. */
function machine(name: "one" | "two", text: string): string {
  const root = join(folder, name);
  write(root, "package.json", { name: "shop", workspaces: ["packages/*"], packageManager: "npm@10.2.0" });
  write(root, "turbo.json", { tasks: { build: { outputs: ["dist/**"] } } });
  write(root, "packages/lib/package.json", {
    name: "lib",
    scripts: { build: "mkdir -p dist && cat src/a > dist/out && echo made" },
  });
  write(root, "packages/lib/src/a", text);
  return root;
}

interface Built {
  readonly cache: readonly string[];
  readonly remarks: readonly string[];
  readonly elapsedMs: number;
}

async function build(root: string, env: Readonly<Record<string, string>>): Promise<Built> {
  const remarks: string[] = [];
  const nothing = (): void => undefined;
  const end = unwrap(
    await localBuild(
      { env: { PATH: process.env["PATH"], ...env }, from: root, log: nothing },
      {
        request: { tasks: ["build"], filters: [], only: false, args: [] },
        continuing: "never",
        concurrency: 1,
        force: false,
        signal: new AbortController().signal,
        show: {
          planned: nothing,
          began: nothing,
          ended: nothing,
          started: nothing,
          output: nothing,
          replayed: nothing,
          remark: (remark) => void remarks.push(remark),
        },
      },
    ),
  );
  expect(end.status).toBe("completed");
  return { cache: end.tasks.map(({ cache }) => cache), remarks, elapsedMs: end.elapsedMs };
}

const here = (): Readonly<Record<string, string>> => ({
  SLUICE_CACHE_URL: `http://127.0.0.1:${http.port}/`,
  SLUICE_CACHE_TOKEN: token,
});

describe("a cache on another machine", () => {
  test("has for one machine what another one has made", async () => {
    const [one, two] = [machine("one", "shared\n"), machine("two", "shared\n")];
    expect(await build(one, here())).toMatchObject({ cache: ["miss"], remarks: [] });
    expect(await build(two, here())).toMatchObject({ cache: ["hit"], remarks: [] });
    expect(readFileSync(join(two, "packages/lib/dist/out"), "utf8")).toBe("shared\n");
    // What was fetched once is here without the other one.
    rmSync(join(two, "packages/lib/dist"), { recursive: true });
    expect((await build(two, {})).cache).toEqual(["hit"]);
  });

  test("is believed where results are signed with a key that is trusted, and nowhere else", async () => {
    const keys = generateKeyPairSync("ed25519", {
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    const trusted = join(folder, "trusted");
    write(trusted, "ci.pem", keys.publicKey);
    write(folder, "ci.key", keys.privateKey);
    const signing = { SLUICE_CACHE_KEY: join(folder, "ci.key"), SLUICE_CACHE_SIGNER: "ci" };
    await build(machine("one", "signed\n"), { ...here(), ...signing });
    await build(machine("one", "unsigned\n"), here());
    const careful = { ...here(), SLUICE_CACHE_TRUSTED: trusted };
    expect((await build(machine("two", "signed\n"), careful)).cache).toEqual(["hit"]);
    expect((await build(machine("two", "unsigned\n"), careful)).cache).toEqual(["miss"]);
    // Trusted, under a name that is not theirs.
    await build(machine("one", "as another\n"), { ...here(), ...signing, SLUICE_CACHE_SIGNER: "eve" });
    expect((await build(machine("two", "as another\n"), careful)).cache).toEqual(["miss"]);
  });

  test("that is not there or takes no uploads fails nothing, and is told", async () => {
    const away = await build(machine("two", "away\n"), { SLUICE_CACHE_URL: "http://127.0.0.1:9" });
    expect(away.remarks.join("\n")).toContain("1 of 1 result could not be uploaded: others will execute them again.");
    const refused = await build(machine("two", "refused\n"), { ...here(), SLUICE_CACHE_TOKEN: "nobody" });
    expect(refused.remarks.join("\n")).toContain("1 of 1 result could not be uploaded");
  });

  test.each([
    [{ SLUICE_CACHE_URL: "sluice.example" }, "SLUICE_CACHE_URL"],
    [{ SLUICE_CACHE_URL: "http://h", SLUICE_CACHE_KEY: "/nowhere" }, "SLUICE_CACHE_KEY"],
    [{ SLUICE_CACHE_URL: "http://h", SLUICE_CACHE_KEY: import.meta.path }, "SLUICE_CACHE_KEY"],
    [{ SLUICE_CACHE_URL: "http://h", SLUICE_CACHE_TRUSTED: join(folder, "none") }, "SLUICE_CACHE_TRUSTED"],
  ])("says what is wrong with %j", (env, name) => {
    expect(() => remoteCacheIn(env)).toThrow(name);
  });
});
