import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { base64url, hashOf, isSameSecret, isToken, newId, newSecret, newToken } from "./secrets.ts";

const random = new SimulatedRandom(1);
const zeros = { bytes: (length: number) => new Uint8Array(length) };
const ones = { bytes: (length: number) => new Uint8Array(length).fill(255) };

describe("a token", () => {
  test("is known by its beginning, has 43 characters of secret and 6 of checksum, and shows its first 8", () => {
    const { prefix, token } = newToken(random);
    expect(token).toMatch(/^slu_[0-9A-Za-z]{49}$/);
    expect(token.startsWith(prefix)).toBe(true);
    expect(prefix).toHaveLength(12);
    expect(isToken(token)).toBe(true);
    expect(isToken(newToken(zeros).token)).toBe(true);
    expect(isToken(newToken(ones).token)).toBe(true);
    // The CRC-32 (IEEE 802.3) of 43 zeros, as any scanner works it out.
    expect(newToken(zeros).token).toBe(`slu_${"0".repeat(43)}2CZclj`);
  });

  test("with one character changed is none", () => {
    const { token } = newToken(random);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: token.length - 1 }), fc.constantFrom("a", "B", "7", "_"), (at, other) => {
        const changed = token.slice(0, at) + other + token.slice(at + 1);
        expect(isToken(changed)).toBe(changed === token);
      }),
    );
    expect(isToken(`${token} `)).toBe(false);
    expect(isToken("")).toBe(false);
  });

  test("is another one each time", () => {
    expect(new Set(Array.from({ length: 1_000 }, () => newToken(random).token)).size).toBe(1_000);
  });
});

test("ids have a prefix and 128 bits", () => {
  expect(newId(random, "usr")).toMatch(/^usr_[0-9a-hjkmnp-tv-z]{26}$/);
  expect(newId(zeros, "x")).toBe(`x_${"0".repeat(26)}`);
  expect(newId(ones, "x")).toBe(`x_${"z".repeat(25)}w`);
  expect(new Set(Array.from({ length: 1_000 }, () => newId(random, "x"))).size).toBe(1_000);
});

test("secrets have 256 bits, hashes are SHA-256 in hex", () => {
  expect(Buffer.from(newSecret(random), "base64url")).toHaveLength(32);
  expect(hashOf("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(base64url(Uint8Array.of(251, 255))).toBe("-_8");
});

test("secrets are the same only when they are, whatever their lengths", () => {
  expect(isSameSecret("abc", "abc")).toBe(true);
  for (const other of ["abd", "ab", "abcd", ""]) expect(isSameSecret(other, "abc")).toBe(false);
});
