// The cache of GitHub Actions as wireit and sccache speak with it: URLs that are given out, and what none of them may do.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { HttpFixture } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";
import { messageOf, textIn } from "./protobuf-fields.ts";

let f: HttpFixture;
let pr: string;
beforeAll(async () => {
  f = await HttpFixture.make();
  pr = await newToken("operator", { cache: ["pr-1"] });
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

describe("GitHub Actions' cache", () => {
  const call = (method: string, body: object, init: Init = {}) =>
    f.send(`/cache/gha/twirp/github.actions.results.api.v1.CacheService/${method}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
      ...init,
    });
  const entry = { key: "wireit-1", version: "v1" };
  const upload = (url: string, query: string, body: string) => put(url + query, body, { token: null });

  test("takes an archive in blocks at a URL that it gave out", async () => {
    expect((await call("GetCacheEntryDownloadURL", entry)).body).toEqual({ ok: false });
    const { body: made } = await call("CreateCacheEntry", entry);
    expect([made.ok, made.signed_upload_url.includes("?")]).toEqual([true, true]);
    for (const [id, text] of [
      ["a", "one "],
      ["b", "two"],
    ] as const) {
      expect((await upload(made.signed_upload_url, `&comp=block&blockid=${id}`, text)).status).toBe(201);
    }
    expect((await call("FinalizeCacheEntryUpload", { ...entry, size_bytes: 7 })).body).toEqual({ ok: false });
    const list = "<BlockList><Latest>a</Latest><Latest>b</Latest></BlockList>";
    expect((await upload(made.signed_upload_url, "&comp=blocklist", list)).status).toBe(201);
    expect((await call("FinalizeCacheEntryUpload", { ...entry, size_bytes: 7 })).body).toMatchObject({ ok: true });
    const { body: found } = await call("GetCacheEntryDownloadURL", entry);
    expect(found).toMatchObject({ ok: true, matched_key: "wireit-1" });
    expect((await bytesAt(found.signed_download_url, { token: null })).toString()).toBe("one two");
    const part = await f.send(found.signed_download_url, { token: null, headers: { range: "bytes=4-" } });
    expect([part.status, part.body]).toEqual([206, "two"]);
    expect((await call("GetCacheEntryDownloadURL", { ...entry, version: "v2" })).body).toEqual({ ok: false });
    expect((await call("CreateCacheEntry", entry)).body).toEqual({ ok: false });
  });

  test("takes no URL that it did not give out, nor one for something else", async () => {
    const { body: made } = await call("CreateCacheEntry", { key: "k2", version: "" }, { token: pr });
    const url: string = made.signed_upload_url;
    expect((await f.send(url, { token: null })).status).toBe(404);
    expect((await upload(url.replace(/\.[^.?]*\?/, ".x?"), "", "x")).status).toBe(403);
    const [content = ""] = url.split("/").at(-1)!.split(".");
    const changed = Buffer.from(Buffer.from(content, "base64url").toString().replace('"pr-1"', '"main"')).toString(
      "base64url",
    );
    expect((await upload(url.replace(content, changed), "", "evil")).status).toBe(403);
    expect((await upload(url, "", "whole")).status).toBe(201);
    expect((await call("FinalizeCacheEntryUpload", { key: "k2", version: "" }, { token: pr })).body).toMatchObject({
      ok: true,
    });
    expect((await call("GetCacheEntryDownloadURL", { key: "k2", version: "" })).body).toEqual({ ok: false });
    const { body: found } = await call("GetCacheEntryDownloadURL", { key: "k2", version: "" }, { token: pr });
    expect((await upload(found.signed_download_url, "", "evil")).status).toBe(403);
  });

  test("speaks protobuf to those who do, and Twirp's failures", async () => {
    const ask = async (method: string, message: Uint8Array): Promise<Uint8Array> => {
      const path = `/cache/gha/twirp/github.actions.results.api.v1.CacheService/${method}`;
      const headers = { "content-type": "application/protobuf" };
      return bytesAt(path, { method: "POST", body: message as Uint8Array<ArrayBuffer>, headers });
    };
    const url = textIn(await ask("CreateCacheEntry", messageOf({ 2: "k3", 3: "v" })), 2);
    expect((await upload(url, "", "content")).status).toBe(201);
    await ask("FinalizeCacheEntryUpload", messageOf({ 2: "k3", 3: 7, 4: "v" }));
    const found = await ask("GetCacheEntryDownloadURL", messageOf({ 2: "k3", 4: "v" }));
    expect(textIn(found, 3)).toBe("k3");
    expect((await bytesAt(textIn(found, 2), { token: null })).toString()).toBe("content");
    expect(await call("CreateCacheEntry", {}, {})).toMatchObject({ status: 400, body: { code: "invalid_argument" } });
    expect(await call("Unknown", entry)).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect(await call("CreateCacheEntry", entry, { token: "x" })).toMatchObject({
      status: 401,
      body: { code: "unauthenticated" },
    });
  });
});
