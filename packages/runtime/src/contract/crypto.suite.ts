// Hashes: the same values on every runtime, which are the published ones.

import { deepEqual, equal, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Test } from "./case.suite.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** From the self-test of xxHash 0.8.3 (cli/xsum_sanity_check.c, XSUM_XXH3_testdata): length of its buffer, XXH3_64bits with seed 0. */
const xxh3Vectors: readonly (readonly [number, bigint])[] = [
  [0, 0x2d06800538d394c2n],
  [1, 0xc44bdff4074eecdbn],
  [6, 0x27b56a84cd2d7325n],
  [12, 0xa713daf0dfbb77e7n],
  [24, 0xa3fe70bf9d3510ebn],
  [48, 0x397da259ecba1f11n],
  [80, 0xbcdefbbb2c47c90an],
  [195, 0xcd94217ee362ec3an],
  [403, 0xcdeb804d65c6dea4n],
  [512, 0x617e49599013cb6bn],
  [2048, 0xdd59e2c3a5f038e0n],
  [2240, 0x6e73a90539cf2948n],
  [2367, 0xcb37aeb9e5d361edn],
];

/** The buffer of that self-test: bytes 56 to 63 of PRIME32 times powers of PRIME64. */
function sanityBuffer(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let generator = 2654435761n;
  for (let at = 0; at < length; at++) {
    bytes[at] = Number(generator >> 56n);
    generator = (generator * 11400714785074694797n) & 0xffff_ffff_ffff_ffffn;
  }
  return bytes;
}

/** MurmurHash3_x86_32 of texts as Wikipedia's article "MurmurHash" lists them: text, seed, hash. */
const murmurVectors: readonly (readonly [string, number, number])[] = [
  ["", 0, 0],
  ["", 1, 0x514e28b7],
  ["", 0xffff_ffff, 0x81f16f39],
  ["test", 0, 0xba6bd213],
  ["test", 0x9747b28c, 0x704b81dc],
  ["Hello, world!", 0, 0xc0363e43],
  ["Hello, world!", 0x9747b28c, 0x24884cba],
  ["The quick brown fox jumps over the lazy dog", 0, 0x2e4ff723],
  ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
];
/** What SMHasher, where the hash comes from, expects of its own test (main.cpp: "Murmur3A"). */
const smhasherVerification = 0xb0f57ee3;

export function cryptoCases(test: Test): void {
  test("crypto: SHA-256 of the examples of FIPS 180-4, in pieces or whole", ({ runtime: { crypto } }) => {
    equal(hex(crypto.sha256().digest()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    equal(hex(crypto.sha256().update("abc").digest()), abc);
    equal(
      hex(
        crypto
          .sha256()
          .update("a")
          .update(new Uint8Array([0x62]))
          .update("c")
          .digest(),
      ),
      abc,
    );
    const running = crypto.sha256();
    for (let round = 0; round < 1_000; round++) running.update("a".repeat(1_000));
    equal(hex(running.digest()), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  });

  test("crypto: HMAC of the examples of RFC 4231", ({ runtime: { crypto } }) => {
    equal(
      hex(crypto.hmac(new Uint8Array(20).fill(0x0b), "Hi There")),
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    );
    equal(
      hex(crypto.hmac("Jefe", "what do ya want for nothing?")),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
  });

  test("crypto: chance has the length asked for, and ids are of version 4", ({ runtime: { crypto } }) => {
    equal(crypto.randomBytes(33).length, 33);
    const [one, two] = [hex(crypto.randomBytes(16)), hex(crypto.randomBytes(16))];
    ok(one !== two);
    const ids = new Set(Array.from({ length: 100 }, () => crypto.uuid()));
    equal(ids.size, 100);
    for (const id of ids) ok(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(id));
  });

  test("crypto: comparing takes bytes of any lengths", ({ runtime: { crypto } }) => {
    const bytes = (...values: number[]) => new Uint8Array(values);
    equal(crypto.timingSafeEqual(bytes(1, 2, 3), bytes(1, 2, 3)), true);
    equal(crypto.timingSafeEqual(bytes(1, 2, 3), bytes(1, 2, 4)), false);
    equal(crypto.timingSafeEqual(bytes(1, 2, 3), bytes(1, 2)), false);
    equal(crypto.timingSafeEqual(bytes(), bytes()), true);
  });

  test("crypto: fastHash is XXH3 as xxHash publishes it", ({ runtime: { crypto } }) => {
    const hashes = xxh3Vectors.map(([length]) => [length, crypto.fastHash(sanityBuffer(length))]);
    deepEqual(hashes, xxh3Vectors);
    equal(crypto.fastHash("abc"), 0x78af5f94892f3950n);
    equal(crypto.fastHash(new TextEncoder().encode("abc")), 0x78af5f94892f3950n);
    const larger = sanityBuffer(100);
    equal(crypto.fastHash(larger.subarray(0, 48)), 0x397da259ecba1f11n);
  });

  test("crypto: contentHash is MurmurHash3 as it is published", ({ runtime: { crypto } }) => {
    for (const [text, seed, hash] of murmurVectors)
      deepEqual([text, seed, crypto.contentHash(text, seed)], [text, seed, hash]);
    equal(crypto.contentHash("test"), 0xba6bd213);
    // SMHasher's own verification: hashes of 0, 1, … 255 bytes, each with seed 256 less its length, hashed with seed 0.
    const hashes = new DataView(new ArrayBuffer(256 * 4));
    const key = new Uint8Array(256);
    for (let length = 0; length < 256; length++) {
      key[length] = length;
      hashes.setUint32(length * 4, crypto.contentHash(key.subarray(0, length), 256 - length), true);
    }
    equal(crypto.contentHash(new Uint8Array(hashes.buffer)), smhasherVerification);
  });
}
