// The routes of the build cache answer what the API document says.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { routes } from "@sluice/protocol/http";
import type { RouteName } from "@sluice/protocol/http";
import { zstdCompressSync } from "node:zlib";
import { tarOf } from "./cache/tar.fixture.suite.ts";
import { asking } from "./contract-fixture.suite.ts";
import { HttpFixture } from "./http-fixture.ts";

const visited = new Set<RouteName>();
let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ http: { limits: { cacheEntryBlobsMax: 3 } } });
});
afterAll(async () => f[Symbol.asyncDispose]());

const ask = asking(() => f, visited);
const digestOf = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex");
const key = "ab".repeat(32);
// The fixture sends JSON, which is bytes like any others.
const text = digestOf('"text"');
const result = {
  key,
  exitCode: 0,
  outputs: [{ path: "out", type: "file", digest: text, size: 6, mode: 0o644 }],
  log: text,
  durationMs: 1,
  createdAtMs: 1,
  meta: {},
};

test("answers are what the API document says", async () => {
  expect((await ask("listMissingCacheBlobs", [], { body: { digests: [text, text] } })).body).toEqual({
    missing: [text],
  });
  for (const digests of [[text, text, text, text], ["x"], "x", undefined]) {
    expect((await ask("listMissingCacheBlobs", [], { body: { digests } })).body.error.code).toBe("bad_request");
  }
  expect((await ask("putCacheResult", [key], { body: result })).body.error.code).toBe("conflict");
  expect((await ask("putCacheBlob", [key], { body: "text" })).body.error.code).toBe("blob_mismatch");
  expect((await ask("putCacheBlob", ["x"], { body: "text" })).body.error.code).toBe("bad_request");
  expect((await ask("putCacheBlob", [text], { body: "text" })).body).toEqual({ blob: { sha256: text, size: 6 } });
  expect((await ask("putCacheResult", [key], { body: result })).status).toBe(201);
  expect(await ask("putCacheResult", [key], { body: { ...result, durationMs: 2 } })).toMatchObject({
    status: 200,
    body: { kept: "kept-first" },
  });
  for (const broken of [
    { ...result, key: text },
    { ...result, outputs: [{ path: "../x", type: "dir", mode: 1 }] },
    {},
  ]) {
    expect((await ask("putCacheResult", [key], { body: broken })).body.error.code).toBe("invalid_input");
  }
  expect((await ask("getCacheResult", [key])).body).toEqual(result);
  expect((await ask("getCacheResult", [text])).body.error.code).toBe("not_found");
  expect((await ask("getCacheResult", ["x"])).body.error.code).toBe("bad_request");
  expect((await ask("getCacheBlob", [text])).body).toBe('"text"');
  expect((await ask("getCacheBlob", [key])).body.error.code).toBe("not_found");
  expect((await ask("explainCacheKey", [key])).body).toMatchObject({
    entries: [{ space: "build", scope: "main", state: "good" }],
    gone: [],
  });
  expect((await ask("getCacheStats")).body).toMatchObject({ entries: 1, spaces: { build: { hits: 1, misses: 1 } } });
  // What was used a moment ago is in use.
  expect((await ask("evictCache", [], { body: { bytesMax: 0 } })).body).toEqual({ entries: 0, blobs: 0, bytes: 0 });
  expect((await ask("evictCache", [], { body: { bytesMax: -1 } })).body.error.code).toBe("bad_request");
});

test("so do those of other tools", async () => {
  const archive = zstdCompressSync(tarOf([{ name: "out", content: "x" }])) as Uint8Array<ArrayBuffer>;
  const headers = { "content-type": "application/octet-stream" };
  expect((await f.send("/cache/turbo/v8/artifacts/aa", { method: "PUT", body: archive, headers })).status).toBe(202);
  expect((await ask("putTurboArtifact", ["ab"], { body: "no archive" })).body.error.code).toBe("forbidden");
  expect((await ask("turboStatus")).body).toEqual({ status: "enabled" });
  expect((await ask("recordTurboEvents", [], { body: [] })).status).toBe(200);
  expect((await ask("queryTurboArtifacts", [], { body: { hashes: ["aa", "bb"] } })).body).toMatchObject({
    aa: { taskDurationMs: 0 },
    bb: null,
  });
  expect((await ask("getTurboArtifact", ["aa"])).status).toBe(200);
  expect((await ask("getNxTask", ["1"])).status).toBe(404);
  // Nx is not told more than it takes.
  expect(await f.send("/cache/nx/v1/cache/1", { method: "PUT", body: "x" })).toMatchObject({ status: 403 });
  visited.add("putNxTask");
  for (const tool of ["Bazel", "Moon"] as const) {
    const file = [`cas/${text}`] as const;
    const path = `/cache/${tool.toLowerCase()}/${file[0]}`;
    expect((await f.send(path, { method: "PUT", body: '"text"' })).status).toBe(200);
    expect((await f.get(path)).body).toBe('"text"');
    expect((await ask(`get${tool}Blob`, ["x"])).body.error.code).toBe("not_found");
    expect((await ask(`put${tool}Blob`, ["x"], { body: "" })).body.error.code).toBe("not_found");
  }
  expect((await ask("putCcacheResult", ["k"], { body: "x" })).status).toBe(200);
  expect((await ask("getCcacheResult", ["k"])).body).toBe('"x"');
  expect((await ask("removeCcacheResult", ["k"])).status).toBe(204);
  expect((await ask("putGradleOutput", ["k"], { body: "x" })).status).toBe(200);
  expect((await ask("getGradleOutput", ["k"])).body).toBe('"x"');
  const { body } = await ask("callGithubCache", ["CreateCacheEntry"], { body: { key: "k", version: "v" } });
  expect(body.ok).toBe(true);
  const { pathname } = new URL(body.signed_upload_url);
  const ticket = decodeURIComponent(pathname.split("/").at(-1) ?? "");
  expect((await ask("putGithubBlob", [ticket], { body: "x" })).status).toBe(201);
  expect((await ask("getGithubBlob", [ticket])).body.error.code).toBe("not_found");
});

test("every route of the cache was visited", () => {
  const all = (Object.keys(routes) as RouteName[]).filter((name) =>
    /^\/(?:api\/v1\/cache|cache)(?:\/|$)/.test(routes[name].path),
  );
  expect(all.filter((name) => !visited.has(name))).toEqual([]);
});
