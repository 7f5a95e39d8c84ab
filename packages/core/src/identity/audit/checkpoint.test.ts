import { describe, expect, test } from "bun:test";
import { createPublicKey, verify } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { openKeyFolder } from "../keys/key-folder.ts";
import { checkpointKeyOf, isSigned, openSigner, readCheckpoint, readCheckpointKey, signedText } from "./checkpoint.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { newSigner, paths, start } from "./trail.fixture.suite.ts";

const next = paths();
const head = { chain: "c1", seq: 7, hash: "ab".repeat(32) };

describe("a checkpoint", () => {
  test("is signed over the documented text", async () => {
    const signer = await newSigner(next("keys"));
    const plain = signer.sign(head, { at: start });
    expect(signedText(plain)).toBe(
      `["sluice-audit-checkpoint",1,"c1",7,"${head.hash}",${start},null,null,null,"${signer.id}"]`,
    );
    const replaces = { chain: "c0", seq: 9, hash: "cd".repeat(32) };
    const restored = signer.sign(head, { at: start, replaces });
    expect(signedText(restored)).toContain(`${start},"c0",9,"${replaces.hash}","${signer.id}"]`);
    const signature = Buffer.from(restored.signature, "base64");
    expect(verify(null, Buffer.from(signedText(restored)), signer.key, signature)).toBe(true);
  });

  test("does not hold once any of it is another", async () => {
    const signer = await newSigner(next("keys"));
    const other = await newSigner(next("keys"), 2);
    const good = signer.sign(head, { at: start, replaces: { chain: "c0", seq: 9, hash: "ef" } });
    expect(isSigned(good, signer)).toBe(true);
    const { replaces: _replaces, ...without } = good;
    const forged: readonly Checkpoint[] = [
      { ...good, chain: "c2" },
      { ...good, seq: 8 },
      { ...good, hash: "00".repeat(32) },
      { ...good, at: start + 1 },
      { ...good, format: 2 },
      { ...good, key: other.id },
      { ...good, signature: other.sign(head, { at: start }).signature },
      { ...good, signature: "" },
      { ...good, replaces: { chain: "c0", seq: 10, hash: "ef" } },
      without,
    ];
    expect(forged.map((each) => isSigned(each, signer))).toEqual(forged.map(() => false));
    expect(isSigned({ ...good, key: other.id }, other)).toBe(false);
  });

  test("is read back from its line, and nothing else is", async () => {
    const signer = await newSigner(next("keys"));
    const plain = signer.sign(head, { at: start });
    const restored = signer.sign(head, { at: start, replaces: head });
    expect([plain, restored].map((each) => readCheckpoint(JSON.stringify(each)))).toEqual([plain, restored]);
    const broken = ["", "{", "null", "7", "[]", "{}", JSON.stringify({ ...plain, seq: "7" })];
    const parts = [{ at: 1.5 }, { at: null }, { replaces: {} }, { replaces: null }, { signature: 1 }, { chain: 1 }];
    const lines = [...broken, ...parts.map((part) => JSON.stringify({ ...plain, ...part }))];
    expect(lines.map(readCheckpoint)).toEqual(lines.map(() => undefined));
  });
});

describe("the key", () => {
  test("is made once, for this user's eyes, with a public half for everybody's tools", async () => {
    const folder = next("keys");
    const keys = openKeyFolder(folder);
    expect(await readCheckpointKey(keys)).toBeUndefined();
    const signer = await openSigner(keys, new SimulatedRandom(1));
    expect((await openSigner(keys, new SimulatedRandom(2))).id).toBe(signer.id);
    expect((await readCheckpointKey(keys))?.id).toBe(signer.id);
    expect(statSync(join(folder, "audit.jwk")).mode & 0o777).toBe(0o600);
    const pem = readFileSync(join(folder, "audit.pub"), "utf8");
    expect(checkpointKeyOf(pem)?.id).toBe(signer.id);
    expect(isSigned(signer.sign(head, { at: start }), { id: signer.id, key: createPublicKey(pem) })).toBe(true);
  });

  test("shows its public half again when that was lost or is another's", async () => {
    const folder = next("keys");
    const { id } = await newSigner(folder);
    await newSigner(next("keys"), 2);
    writeFileSync(join(folder, "audit.pub"), "something else");
    await newSigner(folder, 3);
    expect(checkpointKeyOf(readFileSync(join(folder, "audit.pub"), "utf8"))?.id).toBe(id);
  });

  test("is none where the text is none, or of another kind", () => {
    const p256 = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt
6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==
-----END PUBLIC KEY-----\n`;
    expect([checkpointKeyOf("no key"), checkpointKeyOf(p256)]).toEqual([undefined, undefined]);
  });
});
