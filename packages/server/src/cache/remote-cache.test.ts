// The cache on another machine as the runner uses it, with the real server behind its address.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheLimits, systemClock } from "@sluice/core";
import { buildSpace, HttpBuildCache, OutageBudget, resultSigner, ViewedBuildCache } from "@sluice/core/builds/cache";
import type { Cache } from "@sluice/core/builds/cache";
import { HttpFixture, token } from "../http-fixture.ts";
import { openCache } from "./open-cache.ts";

const digestOf = (text: string | Uint8Array) => new Bun.CryptoHasher("sha256").update(text).digest("hex");
let f: HttpFixture;
let root: string;
const open: Cache[] = [];
beforeAll(async () => {
  f = await HttpFixture.make();
  root = mkdtempSync(join(tmpdir(), "sluice-remote-"));
});
afterAll(async () => {
  for (const cache of open) await cache.close();
  await f[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

/** A machine with a cache of its own. */
async function machine(
  name: string,
  as = token,
): Promise<{ readonly cache: HttpBuildCache; readonly folder: string; readonly asked: string[] }> {
  const folder = join(root, name);
  mkdirSync(folder);
  const local = await openCache({
    folder: join(folder, "cache"),
    keys: join(folder, "keys"),
    clock: systemClock,
    log: () => undefined,
    limits: cacheLimits,
  });
  open.push(local);
  const view = local.view({ by: "me", scope: { own: "main", reads: ["main"] }, space: buildSpace });
  const asked: string[] = [];
  const cache = new HttpBuildCache({
    url: "http://127.0.0.1:7890",
    token: as,
    signer: resultSigner({ name: "me" }),
    folder,
    local: new ViewedBuildCache(view, () => undefined),
    budget: new OutageBudget({
      clock: systemClock,
      outageMsMax: 30_000,
      gaveUp: (why) => void asked.push(`gave up: ${why}`),
    }),
    fetch: (url, init) => {
      asked.push(`${init.method} ${new URL(url).pathname.replace(/[0-9a-f]{64}/, (digest) => digest.slice(0, 6))}`);
      return f.http.fetch(new Request(url, init), f.connections);
    },
  });
  return { cache, folder, asked };
}

async function keep(cache: HttpBuildCache, name: string, contents: readonly (string | Uint8Array)[]): Promise<string> {
  const files = await Promise.all(contents.map((bytes) => cache.put({ bytes: Buffer.from(bytes) })));
  const { digest: log } = await cache.put({ bytes: Buffer.from(`log of ${name}`) });
  const outputs = files.map(({ digest, size }, n) => ({
    path: `out/${n}`,
    type: "file" as const,
    digest,
    size,
    mode: 0o644,
  }));
  const result = {
    key: digestOf(name),
    exitCode: 0 as const,
    outputs,
    log,
    durationMs: 5,
    createdAtMs: 1,
    meta: { task: name },
  };
  expect(await cache.commit(result)).toBe("stored");
  return result.key;
}

describe("what one machine has built", () => {
  test("another one finds, with all that it left", async () => {
    const one = await machine("one");
    const large = crypto.getRandomValues(new Uint8Array(60_000));
    const key = await keep(one.cache, "web#build", ["a", large]);
    expect(await one.cache.settle()).toEqual({ confirmed: 1, lost: 0 });
    const two = await machine("two");
    const found = await two.cache.find(key);
    expect(found?.meta).toEqual({ task: "web#build" });
    const into = join(two.folder, "out");
    expect(await two.cache.fetch(digestOf(large), into)).toBe("ok");
    expect(digestOf(readFileSync(into))).toBe(digestOf(large));
    // Only once: then it is here.
    two.asked.length = 0;
    expect(await two.cache.find(key)).toEqual(found);
    expect(two.asked).toEqual([]);
  });

  test("is sent as far as it is not there", async () => {
    const one = await machine("three");
    await keep(one.cache, "a", ["shared"]);
    await one.cache.settle();
    one.asked.length = 0;
    await keep(one.cache, "b", ["shared", "new"]);
    await one.cache.settle();
    expect(one.asked.filter((each) => each.startsWith("PUT /api/v1/cache/blobs"))).toHaveLength(2);
  });

  test("by a pull request stays with it, and what it may not write is counted as lost", async () => {
    const made = async (role: string, limits: object): Promise<string> =>
      (await f.post("/api/v1/tokens", { name: "t", role, limits })).body.token as string;
    const pr = await machine("pr", await made("operator", { cache: ["pr-1"] }));
    const key = await keep(pr.cache, "evil", ["evil"]);
    expect(await pr.cache.settle()).toEqual({ confirmed: 1, lost: 0 });
    expect(await (await machine("main")).cache.find(key)).toBeUndefined();
    const reader = await machine("reader", await made("viewer", {}));
    await keep(reader.cache, "mine", ["mine"]);
    expect(await reader.cache.settle()).toEqual({ confirmed: 0, lost: 1 });
  });

  test("and is gone there is a miss", async () => {
    const one = await machine("five");
    const key = await keep(one.cache, "evicted", ["short-lived"]);
    await one.cache.settle();
    const digest = digestOf("short-lived");
    rmSync(join(f.folder, "cache", "blobs", digest.slice(0, 2), digest.slice(2)));
    expect(await (await machine("six")).cache.find(key)).toBeUndefined();
  });
});

test("all who open one folder have one key", async () => {
  const folder = join(root, "shared");
  const ground = { folder, keys: join(folder, "keys"), clock: systemClock, log: () => undefined, limits: cacheLimits };
  const [one, two] = await Promise.all([openCache(ground), openCache(ground)]);
  open.push(one, two);
  const view = (cache: Cache) => cache.view({ by: "me", scope: { own: "main", reads: ["main"] }, space: "x" });
  const { digest } = await view(one).put({ bytes: Buffer.from("x") });
  expect(view(one).commit({ key: "k", body: "b", digests: [digest] })).toBe("stored");
  expect(view(two).find("k")?.body).toBe("b");
});
