import { expect, test } from "bun:test";
import { decodeManifest, encodeManifest } from "./manifest.ts";

test("a manifest says what there is and how it is checked; what is none is refused", () => {
  const batch = {
    file: "2026-01-01/batch-0001.chunks",
    format: "chunks" as const,
    sha256: "ab",
    bytes: 10,
    entries: 3,
    rawBytes: 105,
    minMs: 0,
    maxMs: 1,
    maxSeq: 3,
    tenants: ["default"],
    footerAt: 5,
  };
  expect(decodeManifest(encodeManifest({ day: "2026-01-01", batches: [batch] }))).toEqual({
    version: 1,
    archiveDate: "2026-01-01",
    totalBatches: 1,
    totalFiles: 1,
    totalLogs: 3,
    compressionRatio: 10.5,
    checksums: { "batch-0001.chunks": "ab" },
    batches: [batch],
  });
  expect(decodeManifest(encodeManifest({ day: "2026-01-01", batches: [] })).compressionRatio).toBe(0);
  expect(() => decodeManifest(new TextEncoder().encode("{"))).toThrow(RangeError);
  expect(() => decodeManifest(new TextEncoder().encode('{"version":9}'))).toThrow("version");
});
