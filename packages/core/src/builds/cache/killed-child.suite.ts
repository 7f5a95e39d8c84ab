// Work on a cache that kills itself at a step, so that a test can look at what a dead process leaves. What is acknowledged it prints.
import { writeSync } from "node:fs";
import { systemClock } from "../../kernel/clock.ts";
import { Cache } from "./cache.ts";
import { digestOf, main } from "./cache.fixture.suite.ts";
import { cacheLimits } from "./limits.ts";
import { PieceFolder } from "./piece-folder.ts";
import { CacheIndex } from "./cache-index.ts";
import { hmacSigner } from "./signing.ts";

/** What is stored, in this order. */
export const results = ["one", "two"].map((name) => ({
  key: digestOf(name),
  files: [`${name} first`, `${name} second `.repeat(2_000)],
}));

export function openChild(folder: string): Cache {
  return Cache.open({
    folder,
    clock: systemClock,
    newId: () => crypto.randomUUID(),
    boot: "boot-1",
    signer: hmacSigner(new TextEncoder().encode("a key of a cache")),
    limits: cacheLimits,
    failed: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
}

if (import.meta.main) {
  const [folder = "", stop = ""] = process.argv.slice(2);
  let taken = 0;
  const step = (): void => {
    if (taken++ === Number(stop)) process.kill(process.pid, "SIGKILL");
  };
  // Before and after everything that reaches the disk.
  const around = (owner: object, name: string): void => {
    const methods = owner as Record<string, (...given: unknown[]) => unknown>;
    const method = methods[name]!;
    methods[name] = function (this: unknown, ...given) {
      step();
      const value = method.apply(this, given);
      step();
      return value;
    };
  };
  for (const name of ["part", "place"]) around(PieceFolder.prototype, name);
  for (const name of ["together", "putPiece", "putBlob", "putEntry"]) around(CacheIndex.prototype, name);
  const cache = openChild(folder);
  const view = cache.view({ by: "x", scope: main, space: "test" });
  for (const { key, files } of results) {
    const digests: string[] = [];
    for (const text of files) digests.push((await view.put({ bytes: Buffer.from(text) })).digest);
    if (view.commit({ key, body: key, digests }) === "stored") writeSync(1, `${key}\n`);
  }
  await cache.close();
}
