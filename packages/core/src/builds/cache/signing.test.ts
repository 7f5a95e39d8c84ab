import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { bytesOf } from "./cache.fixture.suite.ts";
import { ed25519Signer, hmacSigner } from "./signing.ts";

const entry = { scope: "main", space: "build", key: "k", by: "tkn_1", body: "b", digests: ["d1", "d2"] };
const changes = [
  { scope: "pr" },
  { space: "nx" },
  { key: "k2" },
  { by: "tkn_2" },
  { body: "c" },
  { digests: ["d1"] },
  { digests: ["d1d2"] },
  // The same text in other parts.
  { key: "kt", by: "kn_1" },
];

function pair(): { readonly privateKey: string; readonly publicKey: string } {
  return generateKeyPairSync("ed25519", {
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
}

describe("a signature", () => {
  const [ada, bob] = [pair(), pair()];
  const signers = {
    hmac: hmacSigner(bytesOf("sixteen bytes at")),
    ed25519: ed25519Signer({ name: "ada", privateKey: ada.privateKey, trusted: { ada: ada.publicKey } }),
  };

  test.each(["hmac", "ed25519"] as const)("with %s is good for what was signed and for nothing else", (kind) => {
    const signer = signers[kind];
    const signature = signer.sign(entry);
    expect(signer.isGood(entry, signature)).toBe(true);
    for (const change of changes) expect(signer.isGood({ ...entry, ...change }, signature)).toBe(false);
    for (const broken of ["", "hmac-sha256:", "ed25519/ada:", signature.slice(0, -4), `x${signature}`]) {
      expect(signer.isGood(entry, broken)).toBe(false);
    }
  });

  test("of a key that is not trusted is none, under whatever name", () => {
    const forged = ed25519Signer({ name: "ada", privateKey: bob.privateKey, trusted: {} }).sign(entry);
    expect(signers.ed25519.isGood(entry, forged)).toBe(false);
    expect(hmacSigner(bytesOf("another key of 16")).isGood(entry, signers.hmac.sign(entry))).toBe(false);
    const both = ed25519Signer({ name: "bob", trusted: { ada: ada.publicKey, bob: bob.publicKey } });
    expect(both.isGood(entry, signers.ed25519.sign(entry))).toBe(true);
    expect(() => both.sign(entry)).toThrow("no private key");
  });

  test("needs a key of some length", () => {
    expect(() => hmacSigner(bytesOf("short"))).toThrow("at least 16 bytes");
  });
});
