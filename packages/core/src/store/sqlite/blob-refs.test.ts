import { expect, test } from "bun:test";
import { encodeBlobRef } from "../../kernel/blob-ref.ts";
import { value } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();
const hash = "0f".repeat(32);

test("only references are noted, once for each owner, and released with the owner", () => {
  const { blobs } = bench.on.t;
  expect(blobs.note("r1", value("plain"))).toBe(false);
  expect(blobs.note("r1", new Uint8Array(33))).toBe(false);
  expect(blobs.note("r1", undefined)).toBe(false);
  expect(blobs.note("r1", encodeBlobRef(hash))).toBe(true);
  expect(blobs.note("r1", encodeBlobRef(hash))).toBe(true);
  blobs.copy("r1", "r2");
  expect(bench.on.column("SELECT owner FROM blob_refs ORDER BY owner")).toEqual(["r1", "r2"]);
  blobs.release("r1");
  expect(bench.on.column("SELECT hash FROM blob_refs")).toEqual([hash]);
});
