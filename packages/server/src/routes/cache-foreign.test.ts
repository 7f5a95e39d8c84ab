// The protocols of other build tools over one cache, as their clients speak them, and what must not come through any of them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { messageOf } from "../cache/protobuf-fields.ts";
import { tarOf } from "../cache/tar.fixture.suite.ts";
import { HttpFixture, token as full } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";

const digestOf = (bytes: Uint8Array | string) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
let f: HttpFixture;
let pr: string;
let reader: string;
beforeAll(async () => {
  f = await HttpFixture.make();
  pr = await newToken("operator", { cache: ["pr-1"] });
  reader = await newToken("viewer");
});
afterAll(async () => f[Symbol.asyncDispose]());

async function newToken(role: string, limits: Readonly<Record<string, readonly string[]>> = {}): Promise<string> {
  const { status, body } = await f.post("/api/v1/tokens", { name: "t", role, limits });
  expect(status).toBe(201);
  return body.token;
}

type Init = RequestInit & { readonly token?: string | null };
const put = (path: string, body: Uint8Array | string, init: Init = {}): Promise<Answer> =>
  f.send(path, { method: "PUT", body: body as Uint8Array<ArrayBuffer>, ...init });
/** The bytes of an answer. */
async function bytesAt(path: string, init: Init = {}): Promise<Buffer> {
  const response = await f.http.fetch(f.request(path, init), f.connections);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}
const archive = (text: string) => zstdCompressSync(tarOf([{ name: "dist/" }, { name: "dist/out.js", content: text }]));

describe("Turborepo", () => {
  const at = (hash: string, team = "?slug=acme") => `/cache/turbo/v8/artifacts/${hash}${team}`;
  const hash = "0123456789abcdef";

  test("keeps an artifact with what it says of it, and finds it again", async () => {
    expect((await f.get(at("status"))).body).toEqual({ status: "enabled" });
    expect((await f.get(at(hash))).status).toBe(404);
    const body = archive("one");
    const headers = {
      "x-artifact-duration": "123",
      "x-artifact-tag": "dGFn",
      "x-artifact-sha": "abc",
      "x-artifact-dirty-hash": "def",
      "x-artifact-client-ci": "GITHUB",
    };
    expect(await put(at(hash), body, { headers })).toMatchObject({ status: 202, body: { urls: [] } });
    const got = await f.http.fetch(f.request(at(hash)), f.connections);
    expect(Buffer.from(await got.arrayBuffer())).toEqual(body);
    expect(["duration", "tag", "sha", "dirty-hash"].map((name) => got.headers.get(`x-artifact-${name}`))).toEqual([
      "123",
      "dGFn",
      "abc",
      "def",
    ]);
    const head = await f.send(at(hash), { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), head.body]).toEqual([200, String(body.length), null]);
    expect((await f.send(at("ffff"), { method: "HEAD" })).status).toBe(404);
    const asked = await f.post("/cache/turbo/v8/artifacts?slug=acme", { hashes: [hash, "ffff"] });
    expect(asked.body).toEqual({
      [hash]: { size: body.length, taskDurationMs: 123, tag: "dGFn", sha: "abc", dirtyHash: "def" },
      ffff: null,
    });
    const events = [{ sessionId: "s", source: "REMOTE", event: "HIT", hash, duration: 5 }];
    expect((await f.post("/cache/turbo/v8/artifacts/events?slug=acme", events)).status).toBe(200);
  });

  test("has keys of its own for each team", async () => {
    for (const team of ["", "?slug=other", "?teamId=team_1"]) expect((await f.get(at(hash, team))).status).toBe(404);
  });

  test("may ask first, as its preflight does", async () => {
    const headers = {
      "access-control-request-method": "GET",
      "access-control-request-headers": "Authorization, User-Agent",
    };
    const { status, headers: said } = await f.send(at(hash), { method: "OPTIONS", headers });
    expect(status).toBe(204);
    expect(said.get("access-control-allow-headers")?.split(", ")).toContain("Authorization");
    expect(said.get("access-control-allow-methods")).toContain("PUT");
  });

  test("is told what is wrong in its own shape", async () => {
    expect(await f.send(at(hash), { token: "sluice_nobody" })).toMatchObject({
      status: 401,
      body: { error: { code: "unauthorized" } },
    });
    expect(await put(at(hash), archive("x"), { token: reader })).toMatchObject({
      status: 403,
      body: { error: { code: "forbidden" } },
    });
    expect((await put(at(hash), archive("x"), { headers: { "x-artifact-duration": "soon" } })).status).toBe(400);
    expect((await f.post("/cache/turbo/v8/artifacts", { hashes: "x" })).status).toBe(400);
  });

  test("of a pull request reads main's and writes to its own scope", async () => {
    const other = "00000000000000aa";
    expect((await put(at(hash), archive("evil"), { token: pr })).status).toBe(202);
    expect(await bytesAt(at(hash))).toEqual(archive("one"));
    expect((await put(at(other), archive("evil"), { token: pr })).status).toBe(202);
    expect((await f.get(at(other))).status).toBe(404);
    expect(await bytesAt(at(other), { token: pr })).toEqual(archive("evil"));
    expect((await put(at(other), archive("good"))).status).toBe(202);
    expect(await bytesAt(at(other))).toEqual(archive("good"));
    // The first one stays what it was.
    expect((await put(at(other), archive("late"))).status).toBe(202);
    expect(await bytesAt(at(other))).toEqual(archive("good"));
  });
});

describe("Nx", () => {
  const at = "/cache/nx/v1/cache/1234567890";

  test("keeps what a task left, once", async () => {
    expect((await f.get(at)).status).toBe(404);
    const body = gzipSync(tarOf([{ name: "terminalOutput", content: "done" }]));
    expect((await put(at, body)).status).toBe(200);
    expect(await bytesAt(at)).toEqual(body);
    expect((await put(at, gzipSync(tarOf([{ name: "terminalOutput", content: "else" }])))).status).toBe(409);
    expect(await bytesAt(at)).toEqual(body);
  });

  test("never learns of a failure inside, which would fail its build", async () => {
    const broken = await HttpFixture.make({
      http: {
        cache: async () => {
          throw new Error("the disk is gone");
        },
      },
    });
    const got = await broken.get(at);
    expect(got.status).toBe(404);
    const put200 = await broken.send(at, { method: "PUT", body: gzipSync(tarOf([])) as Uint8Array<ArrayBuffer> });
    expect([put200.status, put200.body]).toEqual([200, null]);
    const unknown = await broken.send(at, { token: "sluice_nobody" });
    expect([unknown.status, unknown.headers.get("content-type")]).toEqual([401, "text/plain"]);
    expect((await broken.send(at, { method: "PUT", body: "x", token: "sluice_nobody" })).status).toBe(401);
    // To others it is the failure that it is.
    expect((await broken.get("/cache/gradle/k")).status).toBe(500);
    await broken[Symbol.asyncDispose]();
  });

  test("without a scope to write to is told so in a way that it takes", async () => {
    const body = gzipSync(tarOf([{ name: "code", content: "0" }]));
    expect((await put("/cache/nx/v1/cache/5", body, { token: reader })).status).toBe(403);
  });
});

/** A message with one field that is a message. */
const field = (number: number, ...bytes: readonly Uint8Array[]): Uint8Array => {
  const content = Buffer.concat(bytes);
  return Buffer.concat([
    Uint8Array.from([
      number * 8 + 2,
      ...(content.length < 128 ? [content.length] : [(content.length % 128) | 0x80, Math.floor(content.length / 128)]),
    ]),
    content,
  ]);
};
const digestMessage = (text: string): Uint8Array => messageOf({ 1: digestOf(text), 2: text.length });

describe("Bazel", () => {
  const action = digestOf("an action");
  const ac = (instance = "") => `/cache/bazel${instance}/ac/${action}`;
  const cas = (text: string, instance = "") => `/cache/bazel${instance}/cas/${digestOf(text)}`;
  const result = Buffer.concat([
    field(2, field(1, Buffer.from("out")), field(2, digestMessage("out"))),
    field(6, digestMessage("stdout")),
  ]);

  test("keeps an action result once all that it names is there, and has it only as long", async () => {
    expect((await put(ac(), result)).status).toBe(409);
    for (const text of ["out", "stdout"]) expect((await put(cas(text), text)).status).toBe(200);
    expect((await put(ac(), result)).status).toBe(200);
    expect(await bytesAt(ac())).toEqual(result);
    expect((await bytesAt(cas("out"))).toString()).toBe("out");
    expect((await f.send(cas("out"), { method: "HEAD" })).headers.get("content-length")).toBe("3");
    const digest = digestOf("stdout");
    rmSync(join(f.folder, "cache", "blobs", digest.slice(0, 2), digest.slice(2)));
    expect((await f.get(ac())).status).toBe(404);
    expect((await put(cas("stdout"), "stdout")).status).toBe(200);
    expect((await put(ac(), result)).status).toBe(200);
  });

  test("names the files in folders as well", async () => {
    const file = (text: string) => field(1, field(1, Buffer.from("f")), field(2, digestMessage(text)));
    const tree = Buffer.concat([field(1, file("root file")), field(2, file("child file"))]);
    const withTree = field(3, field(1, Buffer.from("dir")), field(3, messageOf({ 1: digestOf(tree), 2: tree.length })));
    const at = `/cache/bazel/ac/${digestOf("with a tree")}`;
    expect((await put(`/cache/bazel/cas/${digestOf(tree)}`, tree)).status).toBe(200);
    expect((await put(at, withTree)).status).toBe(409);
    for (const text of ["root file", "child file"]) await put(cas(text), text);
    expect((await put(at, withTree)).status).toBe(200);
  });

  test("has actions of its own under each instance, and refuses what is none", async () => {
    expect((await f.get(ac("/team/a"))).status).toBe(404);
    expect((await put(ac("/team/a"), result)).status).toBe(200);
    expect(await bytesAt(ac("/team/a"))).toEqual(result);
    expect((await put(`/cache/bazel/ac/${digestOf("x")}`, "no action result")).status).toBe(400);
    expect((await put(cas("out"), "other")).status).toBe(400);
    for (const path of ["", "/ac/short", "/zzz/ac", `/..%2f/ac/${action}`, `/a b/ac/${action}`]) {
      expect((await f.get(`/cache/bazel${path}`)).status).toBe(404);
    }
  });

  test("may send and take files packed, and nothing is always there", async () => {
    const text = "words and words ".repeat(1_000);
    expect(
      (
        await put(cas(text), zstdCompressSync(text), {
          headers: { "content-encoding": "zstd", "x-digest-sizebytes": "16000" },
        })
      ).status,
    ).toBe(200);
    expect((await bytesAt(cas(text))).toString()).toBe(text);
    const packed = await f.http.fetch(
      f.request(cas(text), { headers: { "accept-encoding": "gzip, zstd" } }),
      f.connections,
    );
    expect(packed.headers.get("content-encoding")).toBe("zstd");
    expect(Bun.zstdDecompressSync(new Uint8Array(await packed.arrayBuffer())).toString()).toBe(text);
    expect((await put(cas("y"), "no zstd", { headers: { "content-encoding": "zstd" } })).status).toBe(400);
    expect((await put(cas("y"), "y", { headers: { "content-encoding": "br" } })).status).toBe(415);
    expect((await f.get(cas(""))).status).toBe(200);
  });

  test("comes with its token as a password, too", async () => {
    const basic = (value: string) => ({ token: null, headers: { authorization: `Basic ${btoa(`bazel:${value}`)}` } });
    expect((await bytesAt(cas("out"), basic(full))).toString()).toBe("out");
    expect((await f.send(cas("out"), basic("wrong"))).status).toBe(401);
    expect((await f.send(cas("out"), { token: null })).status).toBe(401);
    // Where it counts what may be seen, the scope of the token holds.
    expect((await put(cas("theirs"), "theirs", basic(pr))).status).toBe(200);
    expect((await f.get(cas("theirs"))).status).toBe(404);
    expect((await f.send(cas("theirs"), basic(pr))).status).toBe(200);
  });
});

describe("moon", () => {
  test("keeps action results as JSON", async () => {
    const at = `/cache/moon/ac/${digestOf("a task")}`;
    const headers = { "content-type": "application/json" };
    const result = JSON.stringify({
      output_files: [{ path: "out", digest: { hash: digestOf("moon's"), size_bytes: 6 } }],
      exit_code: 0,
    });
    expect((await put(at, result, { headers })).status).toBe(409);
    expect((await put(`/cache/moon/cas/${digestOf("moon's")}`, "moon's")).status).toBe(200);
    expect((await put(at, result, { headers })).status).toBe(200);
    expect(await f.get(at)).toMatchObject({ status: 200, body: JSON.parse(result) });
    for (const broken of ["{", "[]", '"x"', JSON.stringify({ digest: { hash: "x", size_bytes: 1 } })]) {
      expect((await put(at, broken, { headers })).status).toBe(400);
    }
  });
});

describe("ccache and Gradle", () => {
  test("ccache puts, replaces, asks after and removes", async () => {
    const at = "/cache/ccache/ab/cdef0123456789-x";
    for (const text of ["one", "two"]) {
      expect((await put(at, text)).status).toBe(200);
      expect((await bytesAt(at)).toString()).toBe(text);
    }
    expect((await f.send(at, { method: "HEAD" })).status).toBe(200);
    expect((await f.send(at, { method: "DELETE" })).status).toBe(204);
    expect((await f.send(at, { method: "HEAD" })).status).toBe(404);
    // Its layout for Bazel's servers: what comes is no action result.
    expect((await put(`/cache/ccache/ac/${digestOf("x")}`, "anything")).status).toBe(200);
    expect((await put("/cache/ccache/a%20key", "x")).status).toBe(400);
  });

  test("Gradle puts and gets, the first one stays, and 413 says what is too large", async () => {
    const at = `/cache/gradle/${"ab".repeat(16)}`;
    for (const text of ["one", "two"]) expect((await put(at, text)).status).toBe(200);
    expect((await bytesAt(at)).toString()).toBe("one");
    const small = await HttpFixture.make({ http: { limits: { cacheBlobBytesMax: 10 } } });
    expect((await small.send(at, { method: "PUT", body: "x".repeat(11) })).status).toBe(413);
    await small[Symbol.asyncDispose]();
  });
});
