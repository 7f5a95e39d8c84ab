// Blobs over HTTP: what comes is held against its name, what goes can be had in parts, and who may have it is who has shown it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HttpFixture } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";
import { Rig } from "../workers/rig.suite.ts";

const digestOf = (bytes: Uint8Array | string) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
const json = { "content-type": "application/json" };
const url = (digest: string) => `/api/v1/blobs/${digest}`;
const blobBytesMax = 1_000_000;
let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ http: { limits: { blobBytesMax, blobUploadsMax: 2 } } });
});
afterAll(async () => f[Symbol.asyncDispose]());

async function newToken(role: string, limits: Readonly<Record<string, readonly string[]>> = {}): Promise<string> {
  const { status, body } = await f.post("/api/v1/tokens", { name: "t", role, limits });
  expect(status).toBe(201);
  return body.token;
}
const put = (digest: string, body: Uint8Array | string | ReadableStream<Uint8Array>, token?: string): Promise<Answer> =>
  f.send(url(digest), { method: "PUT", body: body as string, ...(token === undefined ? {} : { token }) });
const get = (digest: string, headers: Record<string, string> = {}, token?: string): Promise<Answer> =>
  f.send(url(digest), { headers, ...(token === undefined ? {} : { token }) });
const left = () => readdirSync(join(f.folder, "blobs", "parts"));

describe("a blob", () => {
  test("is stored under its digest, whole or not at all", async () => {
    const digest = digestOf("one two three");
    expect(await put(digest, "one two thre")).toMatchObject({
      status: 400,
      body: { error: { code: "blob_mismatch" } },
    });
    expect((await get(digest)).status).toBe(404);
    expect(left()).toEqual([]);
    const stored = await put(digest, "one two three");
    expect(stored).toMatchObject({ status: 201, body: { blob: { sha256: digest, size: 13 } } });
    expect(stored.headers.get("etag")).toBe(`"${digest}"`);
    expect((await put(digest, "one two three")).status).toBe(200);
    const read = await get(digest);
    expect([read.status, read.body, read.headers.get("etag")]).toEqual([200, "one two three", `"${digest}"`]);
    expect(read.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("of nothing is one as well", async () => {
    const digest = digestOf("");
    expect((await put(digest, "")).status).toBe(201);
    expect(await get(digest)).toMatchObject({ status: 200, body: null });
    expect((await get(digest, { range: "bytes=0-" })).status).toBe(416);
  });

  test("is read in ranges, and not at all by who has it", async () => {
    const digest = await f.putBlob("0123456789");
    const range = async (value: string, more: Record<string, string> = {}) => {
      const { status, body, headers } = await get(digest, { range: value, ...more });
      return [status, status === 416 ? undefined : body, headers.get("content-range")];
    };
    expect(await range("bytes=2-4")).toEqual([206, "234", "bytes 2-4/10"]);
    expect(await range("bytes=-2")).toEqual([206, "89", "bytes 8-9/10"]);
    expect(await range("bytes=10-")).toEqual([416, undefined, "bytes */10"]);
    expect(await range("bytes=0-1,4-5")).toEqual([200, "0123456789", null]);
    expect(await range("bytes=2-4", { "if-range": `"${digest}"` })).toEqual([206, "234", "bytes 2-4/10"]);
    expect(await range("bytes=2-4", { "if-range": '"another"' })).toEqual([200, "0123456789", null]);
    for (const listed of [`"${digest}"`, `"x", W/"${digest}"`, "*"]) {
      expect(await get(digest, { "if-none-match": listed })).toMatchObject({ status: 304, body: null });
    }
    expect((await get(digest, { "if-none-match": '"x"' })).status).toBe(200);
    const head = await f.send(url(digest), { method: "HEAD" });
    expect([head.status, head.body, head.headers.get("content-length")]).toEqual([200, null, "10"]);
    expect((await f.send(url("0".repeat(64)), { method: "HEAD" })).status).toBe(404);
  });

  test("that is too long is refused, announced or not", async () => {
    const bytes = new Uint8Array(blobBytesMax + 1);
    const refused = { status: 413, body: { error: { code: "payload_too_large" } } };
    expect(await put(digestOf(bytes), bytes)).toMatchObject(refused);
    const stream = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
    expect(await put(digestOf(bytes), stream)).toMatchObject(refused);
    expect((await put(digestOf(bytes.subarray(1)), bytes.subarray(1))).status).toBe(201);
    expect(left()).toEqual([]);
  });

  test("that breaks off leaves nothing, and more at once than may be come again", async () => {
    const bytes = new TextEncoder().encode("broken off and sent again");
    const ends = Promise.withResolvers<void>();
    const slow = (): ReadableStream<Uint8Array> =>
      new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            controller.enqueue(bytes.slice(0, 5));
            await ends.promise;
            controller.error(new Error("gone"));
          },
        },
        { highWaterMark: 0 },
      );
    const broken = [put(digestOf(bytes), slow()), put(digestOf(bytes), slow())];
    const third = await put(digestOf(bytes), bytes);
    expect(third).toMatchObject({ status: 429, body: { error: { code: "too_many_requests" } } });
    ends.resolve();
    for (const each of await Promise.all(broken))
      expect(each).toMatchObject({ body: { error: { code: "bad_request" } } });
    expect(left()).toEqual([]);
    expect((await get(digestOf(bytes))).status).toBe(404);
    expect((await put(digestOf(bytes), bytes)).status).toBe(201);
  });

  test("whose file was changed or lost is mended by who stores it again", async () => {
    const digest = await f.putBlob("as it was");
    const file = f.files.fileOf(digest);
    writeFileSync(file, "as it is not");
    expect((await f.post("/api/v1/blobs/missing", { digests: [digest] })).body).toEqual({ missing: [digest] });
    expect(await get(digest)).toMatchObject({ status: 404, body: { error: { code: "blob_not_found" } } });
    expect((await put(digest, "as it was")).status).toBe(200);
    expect((await get(digest)).body).toBe("as it was");
    rmSync(file);
    expect((await get(digest)).status).toBe(404);
    expect((await f.post("/api/v1/blobs/missing", { digests: [digest] })).body).toEqual({ missing: [digest] });
    expect((await put(digest, "as it was")).status).toBe(200);
    expect((await get(digest)).body).toBe("as it was");
  });
});

describe("scopes", () => {
  test("who knows a digest has no right to it before having shown the bytes", async () => {
    const [pr, other] = [await newToken("worker", { cache: ["pr-1"] }), await newToken("worker", { cache: ["pr-2"] })];
    const mains = await f.putBlob("of main");
    const secret = await f.putBlob("of pr-1", pr);
    const missing = async (as: string) => {
      const init = { method: "POST", headers: json, token: as };
      return (await f.send("/api/v1/blobs/missing", { ...init, body: JSON.stringify({ digests: [mains, secret] }) }))
        .body;
    };
    expect([(await get(mains, {}, pr)).body, (await get(secret, {}, pr)).body]).toEqual(["of main", "of pr-1"]);
    // Main never reads what somebody wrote who is not trusted, nor does another of them.
    expect([(await get(secret)).status, (await get(secret, {}, other)).status]).toEqual([404, 404]);
    expect((await get(secret)).body).toEqual({
      error: { ...(await get("0".repeat(64))).body.error, message: expect.any(String) },
    });
    expect(await missing(pr)).toEqual({ missing: [] });
    expect(await missing(other)).toEqual({ missing: [secret] });
    expect((await put(secret, "of pr-1", other)).status).toBe(201);
    expect((await get(secret, {}, other)).body).toBe("of pr-1");
    expect((await get(secret)).status).toBe(404);
    expect((await put(secret, "not it")).status).toBe(400);
    expect((await get(secret)).status).toBe(404);
    expect((await put(secret, "of pr-1")).status).toBe(201);
    expect((await get(secret)).body).toBe("of pr-1");
  });

  test("a token whose limit is a pattern only reads main", async () => {
    const token = await newToken("worker", { cache: ["pr-*"] });
    const mains = await f.putBlob("read by all");
    expect((await get(mains, {}, token)).body).toBe("read by all");
    const refused = await put(digestOf("x"), "x", token);
    expect(refused).toMatchObject({ status: 403, body: { error: { code: "forbidden" } } });
    expect(left()).toEqual([]);
  });

  test("a role may read without storing, and one without either does neither", async () => {
    const viewer = await newToken("viewer");
    const mains = await f.putBlob("for viewers");
    expect((await get(mains, {}, viewer)).body).toBe("for viewers");
    expect((await put(digestOf("y"), "y", viewer)).status).toBe(403);
    const { body } = await f.post("/api/v1/tokens", { name: "t", grants: [{ permission: "build:start" }] });
    expect((await get(mains, {}, body.token)).status).toBe(403);
    const init = { method: "POST", headers: json, token: body.token };
    const file = { path: "a", sha256: mains, size: 1, mode: 0o644 };
    const started = (inputs: readonly object[]) =>
      f.send("/api/v1/builds", { ...init, body: JSON.stringify({ target: "t", options: { inputs } }) });
    expect((await started([file])).status).toBe(403);
    expect((await started([])).status).toBe(201);
  });

  test("a build gets only inputs that whoever starts it may read", async () => {
    const operator = await newToken("operator", { cache: ["pr-3"] });
    const mains = await f.putBlob("an input of main");
    const foreign = await f.putBlob("an input of pr-4", await newToken("worker", { cache: ["pr-4"] }));
    const start = (...digests: readonly string[]) => {
      const inputs = digests.map((sha256) => ({ path: sha256, sha256, size: 1, mode: 0o644 }));
      const init = { method: "POST", headers: json, token: operator };
      return f.send("/api/v1/builds", { ...init, body: JSON.stringify({ target: "t", options: { inputs } }) });
    };
    expect(await start(mains, foreign)).toMatchObject({
      status: 404,
      body: { error: { code: "blob_not_found", details: { missing: [foreign] } } },
    });
    const own = await f.putBlob("an input of pr-3", operator);
    expect((await start(mains, own)).status).toBe(201);
    // It keeps them as long as it is there.
    const { dropped } = await f.store.blobScopes.dropBlobs({ usedBefore: Date.now() + 1e9, limit: 1_000 });
    expect(dropped).toBeGreaterThan(0);
    expect(await f.store.blobsInUse({ blobs: [mains, own, foreign] })).toEqual([mains, own]);
    expect((await get(own, {}, operator)).body).toBe("an input of pr-3");
  });
});

describe("a worker", () => {
  test("comes in over HTTP with its token and with the credential for it, until it is sent away", async () => {
    await using rig = await Rig.make();
    const { fixture } = rig;
    const token = await rig.token("w");
    const digest = await fixture.putBlob("for workers");
    const stranger = await rig.stranger();
    stranger.send("HELLO", { worker_id: "w", capabilities: ["build"], token });
    const credential = String((await stranger.next("HELLO_ACK")).payload["credential"]);
    const statuses = async () => {
      const found = [];
      for (const shown of [token, credential, `sluice_wc_${"0".repeat(64)}`]) {
        found.push((await fixture.send(url(digest), { token: shown })).status);
      }
      return found;
    };
    expect(await statuses()).toEqual([200, 200, 401]);
    expect((await fixture.send("/api/v1/runs", { token: credential })).status).toBe(403);
    expect((await fixture.send("/api/v1/workers/w", { method: "DELETE" })).status).toBe(204);
    expect(await statuses()).toEqual([403, 401, 401]);
  });
});
