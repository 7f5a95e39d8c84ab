// Names and messages of the Remote Execution API.
import { describe, expect, test } from "bun:test";
import { NotProtobuf, textIn, numberIn, within, written } from "../protobuf-fields.ts";
import { capabilities, digestAt, digestBytes, digestsAt, resourceIn, sentBlobs } from "./wire.ts";

const hash = "ab".repeat(32);

describe("names of streams", () => {
  test.each([
    [`blobs/${hash}/12`, "read", { instance: "", digest: { hash, size: 12 } }],
    [`a/b/blobs/${hash}/0`, "read", { instance: "a/b", digest: { hash, size: 0 } }],
    [`acme/uploads/u-1/blobs/${hash}/7`, "write", { instance: "acme", digest: { hash, size: 7 } }],
    [`uploads/u/blobs/${hash}/7/name.o`, "write", { instance: "", digest: { hash, size: 7 } }],
    [`blobs/${hash}/7`, "write", undefined],
    [`compressed-blobs/zstd/${hash}/7`, "read", undefined],
    [`blobs/${hash.toUpperCase()}/7`, "read", undefined],
    ["", "read", undefined],
  ] as const)("%s to be %s", (name, use, wanted) => expect(resourceIn(name, use)).toEqual(wanted));
});

describe("messages", () => {
  test("have numbers, texts, bytes and others in them, and come back", () => {
    const message = written([
      [1, "name"],
      [2, digestBytes({ hash, size: 2 ** 40 })],
      [2, digestBytes({ hash, size: 1 })],
      [3, 300],
      [4, 0],
      [5, ""],
    ]);
    expect([textIn(message, 1), numberIn(message, 3), numberIn(message, 4)]).toEqual(["name", 300, 0]);
    expect(digestsAt(message, 2)).toEqual([
      { hash, size: 2 ** 40 },
      { hash, size: 1 },
    ]);
    expect([...within(message, 5)]).toEqual([]);
  });

  test("with digests of another function are refused", () => {
    const message = written([[2, written([[1, "ab"]])]]);
    expect(() => digestAt(message, 2)).toThrow(NotProtobuf);
    expect(() => digestAt(new Uint8Array(0), 2)).toThrow(NotProtobuf);
    expect(() => sentBlobs(written([[2, written([[2, "x"]])]]))).toThrow(NotProtobuf);
  });

  test("say what the cache can", () => {
    const [cache = new Uint8Array(0)] = [...within(capabilities(1_000), 1)];
    expect([...(within(cache, 1).next().value ?? [])]).toEqual([1]);
    expect(numberIn(cache, 4)).toBe(1_000);
  });
});
