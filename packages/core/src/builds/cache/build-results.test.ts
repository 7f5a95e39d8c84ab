import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { ActionResult, OutputEntry } from "../ports.ts";
import { resultOf, ViewedBuildCache } from "./build-results.ts";
import { bytesOf, CacheDesk, digestOf, key, main, otherKey } from "./cache.fixture.suite.ts";

const log = digestOf("log");

function result(outputs: readonly OutputEntry[]): ActionResult {
  return { key, exitCode: 0, outputs, log, durationMs: 5, createdAtMs: 1, meta: { task: "web#build" } };
}

const file = (path: string): OutputEntry => ({ path, type: "file", digest: digestOf("out"), size: 3, mode: 0o644 });

describe("the runner", () => {
  const failures: string[] = [];
  const cacheOf = (desk: CacheDesk, scope: Parameters<CacheDesk["view"]>[0] = main): ViewedBuildCache =>
    new ViewedBuildCache(desk.view(scope), (what) => void failures.push(what));

  test("keeps a result with its files and finds it again", async () => {
    await using desk = new CacheDesk();
    const cache = cacheOf(desk);
    const kept = result([
      { path: "dist", type: "dir", mode: 0o755 },
      file("dist/out.js"),
      { path: "dist/l", type: "link", target: "out.js" },
    ]);
    await cache.put({ bytes: bytesOf("log") });
    expect(await cache.commit(kept)).toBe("incomplete");
    expect(await cache.find(key)).toBeUndefined();
    await cache.put({ bytes: bytesOf("out") });
    expect([...(await cache.has([log, digestOf("out"), otherKey]))]).toEqual([log, digestOf("out")]);
    expect(await cache.commit(kept)).toBe("stored");
    expect(await cache.commit({ ...kept, durationMs: 9 })).toBe("kept-first");
    expect(await cache.find(key)).toEqual(kept);
    expect(await cache.find(otherKey)).toBeUndefined();
    const into = join(desk.folder, "out.js");
    expect(await cache.fetch(digestOf("out"), into)).toBe("ok");
    expect(Buffer.from(desk.read(into)).toString()).toBe("out");
    expect(await cache.fetch(otherKey, into)).toBe("missing");
  });

  test("that may not write has digests, and keeps nothing", async () => {
    await using desk = new CacheDesk();
    const cache = cacheOf(desk, { own: undefined, reads: ["main"] });
    expect(await cache.put({ bytes: bytesOf("log") })).toEqual({ digest: log, size: 3 });
    expect(await cache.commit(result([]))).toBe("incomplete");
    expect(desk.files).toEqual([]);
  });

  test("is not failed by a cache that is broken", async () => {
    const desk = new CacheDesk();
    const cache = cacheOf(desk);
    await desk.cache.close();
    failures.length = 0;
    expect(await cache.find(key)).toBeUndefined();
    expect(await cache.put({ bytes: bytesOf("log") })).toEqual({ digest: log, size: 3 });
    expect(await cache.commit(result([]))).toBe("incomplete");
    expect((await cache.has([log])).size).toBe(0);
    expect(await cache.fetch(log, join(desk.folder, "x"))).toBe("missing");
    expect(failures.length).toBeGreaterThanOrEqual(4);
    rmSync(desk.folder, { recursive: true });
  });
});

describe("a result", () => {
  const inside = [
    file("a"),
    { path: "d", type: "dir", mode: 0o755 },
    file("d/a"),
    { path: "l", type: "link", target: "../x" },
  ] as const;

  test("with paths inside of its package is one", () => {
    expect(resultOf(JSON.stringify(result(inside)), key)).toEqual(result(inside));
  });

  test.each([
    ["climbs out", [file("../a")]],
    ["climbs out in the middle", [file("a/../../b")]],
    ["is absolute", [file("/etc/passwd")]],
    ["is empty", [file("")]],
    ["has an empty part", [file("a//b")]],
    ["holds NUL", [file("a\0b")]],
    ["is there twice", [file("a"), file("a")]],
    ["lies below a link", [{ path: "l", type: "link", target: "/etc" }, file("l/passwd")]],
    ["lies below a link that comes later", [file("l/x/passwd"), { path: "l", type: "link", target: ".." }]],
    ["lies below a file", [file("a"), file("a/b")]],
    ["has no mode", [{ path: "a", type: "file", digest: log, size: 1 }]],
    ["has a mode of another kind", [{ path: "a", type: "dir", mode: 0o40755 }]],
    ["names no blob", [{ path: "a", type: "file", digest: "x", size: 1, mode: 1 }]],
    ["is of no kind", [{ path: "a", type: "socket", mode: 1 }]],
  ])("of which a path %s is none", (_what, outputs) => {
    expect(resultOf(JSON.stringify(result(outputs as never)), key)).toBeUndefined();
  });

  test("of another key, of a failure, or that is no JSON is none", () => {
    const body = JSON.stringify(result([]));
    expect(resultOf(body, key)).toBeDefined();
    expect(resultOf(body, otherKey)).toBeUndefined();
    expect(resultOf(body.replace('"exitCode":0', '"exitCode":1'), key)).toBeUndefined();
    for (const broken of ["", "null", "[]", "{", "1"]) expect(resultOf(broken, key)).toBeUndefined();
  });
});
