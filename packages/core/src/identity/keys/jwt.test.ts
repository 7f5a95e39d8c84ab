import { describe, expect, test } from "bun:test";
import { createHmac, createPublicKey } from "node:crypto";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { start } from "../identity.fixture.suite.ts";
import { newSigningKey, signJwt, verifyJwt } from "./jwt.ts";
import type { JwtCheck, JwtClaims } from "./jwt.ts";

const random = new SimulatedRandom(1);
const key = newSigningKey(random);
const claims: JwtClaims = {
  type: "at+jwt",
  subject: "usr_1",
  session: "ses_1",
  instance: "here",
  issuedAt: start,
  expiresAt: start + 60_000,
};
const check: JwtCheck = {
  type: "at+jwt",
  instance: "here",
  now: start,
  lifeMsMax: 60_000,
  keyFor: (kid) => (kid === key.kid ? key : undefined),
};
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const decoded = (text = ""): Record<string, unknown> => JSON.parse(Buffer.from(text, "base64url").toString());

describe("a token", () => {
  test("says what was put in", async () => {
    expect(await verifyJwt(await signJwt(key, claims), check)).toEqual(claims);
  });

  test("with another use, server or key is refused", async () => {
    const token = await signJwt(key, claims);
    expect(await verifyJwt(token, { ...check, type: "local+jwt" })).toBeUndefined();
    expect(await verifyJwt(token, { ...check, instance: "there" })).toBeUndefined();
    expect(await verifyJwt(token, { ...check, keyFor: () => newSigningKey(random) })).toBeUndefined();
    expect(await verifyJwt(await signJwt({ ...key, kid: "other" }, claims), check)).toBeUndefined();
  });

  test("is good until it expires, and not when it was made to last longer than any", async () => {
    const token = await signJwt(key, claims);
    expect(await verifyJwt(token, { ...check, now: start + 59_999 })).toBeDefined();
    expect(await verifyJwt(token, { ...check, now: start + 60_000 })).toBeUndefined();
    const long = await signJwt(key, { ...claims, expiresAt: start + 61_000 });
    expect(await verifyJwt(long, check)).toBeUndefined();
  });

  test("changed anywhere is refused", async () => {
    const [header = "", payload = "", signature = ""] = (await signJwt(key, claims)).split(".");
    const admin = part({ ...decoded(payload), sub: "usr_2" });
    expect(await verifyJwt(`${header}.${admin}.${signature}`, check)).toBeUndefined();
    const changed = Buffer.from(signature, "base64url").map((byte, at) => (at === 7 ? byte ^ 1 : byte));
    expect(
      await verifyJwt(`${header}.${payload}.${Buffer.from(changed).toString("base64url")}`, check),
    ).toBeUndefined();
    for (const text of ["", "a", "a.b", "a.b.c", `${header}.${payload}`, `${header}.${payload}.`, "....", "💥.💥.💥"]) {
      expect(await verifyJwt(text, check)).toBeUndefined();
    }
  });

  test("that says it needs no signature, or one with another algorithm, is refused", async () => {
    const [header = "", payload = ""] = (await signJwt(key, claims)).split(".");
    for (const alg of ["none", "None", "nOnE", ""]) {
      expect(await verifyJwt(`${part({ ...decoded(header), alg })}.${payload}.`, check)).toBeUndefined();
    }
    // The public key taken for a shared secret.
    const pem = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: key.x }, format: "jwk" }).export({
      format: "pem",
      type: "spki",
    });
    const forged = `${part({ ...decoded(header), alg: "HS256" })}.${payload}`;
    for (const secret of [pem, Buffer.from(key.x, "base64url"), key.x]) {
      const mac = createHmac("sha256", secret).update(forged).digest("base64url");
      expect(await verifyJwt(`${forged}.${mac}`, check)).toBeUndefined();
    }
  });

  test("that brings its own key is refused", async () => {
    const other = newSigningKey(random);
    const [header = "", payload = "", signature = ""] = (await signJwt({ ...other, kid: key.kid }, claims)).split(".");
    const own = part({ ...decoded(header), jwk: { kty: "OKP", crv: "Ed25519", x: other.x } });
    expect(await verifyJwt(`${own}.${payload}.${signature}`, check)).toBeUndefined();
    expect(await verifyJwt(`${header}.${payload}.${signature}`, check)).toBeUndefined();
  });

  test("without a subject, times or a key's name is refused", async () => {
    const { SignJWT } = await import("jose");
    const private_ = { kty: key.kty, crv: key.crv, x: key.x, d: key.d };
    const base = { sub: "usr_1", iss: "here", aud: "here", iat: start / 1_000, exp: start / 1_000 + 60 };
    const header = { alg: "EdDSA", kid: key.kid, typ: "at+jwt" };
    const sign = (payload: object, more: object = {}): Promise<string> =>
      new SignJWT({ ...payload }).setProtectedHeader({ ...header, ...more }).sign(private_);
    expect(await verifyJwt(await sign(base), check)).toBeDefined();
    for (const name of ["sub", "iss", "aud", "iat", "exp"]) {
      expect(await verifyJwt(await sign({ ...base, [name]: undefined }), check)).toBeUndefined();
    }
    expect(await verifyJwt(await sign(base, { kid: undefined }), check)).toBeUndefined();
    expect(await verifyJwt(await sign(base, { typ: undefined }), check)).toBeUndefined();
  });
});

test("keys differ, and are the same for the same randomness", () => {
  expect(newSigningKey(random).d).not.toBe(key.d);
  expect(newSigningKey(new SimulatedRandom(1))).toEqual(key);
});
