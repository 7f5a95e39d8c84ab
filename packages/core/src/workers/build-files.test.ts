import { expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { artifactDigests, digestsOf } from "./build-files.ts";

const [a, b] = ["a".repeat(64), "b".repeat(64)];

test("files stand for their blobs, each once; links have none", () => {
  expect(digestsOf([{ sha256: b }, { sha256: a }, { sha256: b }, { sha256: "c".repeat(64), link: "x" }])).toEqual([
    b,
    a,
  ]);
  expect(digestsOf(undefined)).toEqual([]);
});

test("the artifacts of an end are read from what is stored of it", () => {
  const artifacts = encodeValue([{ path: "out", sha256: a, size: 1, mode: 0o644 }]);
  expect(artifactDigests({ status: "completed", artifacts })).toEqual([a]);
  expect([artifactDigests({ status: "failed" }), artifactDigests(undefined)]).toEqual([[], []]);
});
