// The routes of blobs answer what the API document says.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { routes } from "@sluice/protocol/http";
import type { RouteName } from "@sluice/protocol/http";
import { asking } from "./contract-fixture.suite.ts";
import { HttpFixture } from "./http-fixture.ts";

const visited = new Set<RouteName>();
let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ http: { limits: { blobDigestsMax: 3 } } });
});
afterAll(async () => f[Symbol.asyncDispose]());

const ask = asking(() => f, visited);
const other = "0".repeat(64);

test("answers are what the API document says", async () => {
  const text = new Bun.CryptoHasher("sha256").update('"text"').digest("hex");
  // The fixture sends JSON, which is bytes like any others.
  expect((await ask("putBlob", [text], { body: "text" })).status).toBe(201);
  expect((await ask("putBlob", [text], { body: "text" })).status).toBe(200);
  expect((await ask("putBlob", [other], { body: "text" })).body.error.code).toBe("blob_mismatch");
  expect((await ask("putBlob", ["x"], { body: "text" })).body.error.code).toBe("bad_request");
  const coded = { body: "text", headers: { "content-encoding": "gzip" } };
  expect((await ask("putBlob", [text], coded)).body.error.code).toBe("unsupported_media_type");
  expect((await ask("getBlob", [text])).body).toBe('"text"');
  expect((await ask("getBlob", [text], { headers: { range: "bytes=1-2" } })).status).toBe(206);
  expect((await ask("getBlob", [text], { headers: { "if-none-match": `"${text}"` } })).status).toBe(304);
  expect((await ask("getBlob", [text], { headers: { range: "bytes=9-" } })).body.error.code).toBe(
    "range_not_satisfiable",
  );
  for (const name of [other, "x", text.toUpperCase()]) {
    expect((await ask("getBlob", [name])).body.error.code).toBe("blob_not_found");
  }
  const { body } = await ask("listMissingBlobs", [], { body: { digests: [other, text, other] } });
  expect(body).toEqual({ missing: [other] });
  for (const digests of [[other, other, other, other], ["x"], "x", undefined, [1]]) {
    expect((await ask("listMissingBlobs", [], { body: { digests } })).body.error.code).toBe("bad_request");
  }
  for (const [name, { path }] of Object.entries(routes) as [RouteName, { path: string }][]) {
    if (path.startsWith("/api/v1/blobs")) expect([...visited]).toContain(name);
  }
});
