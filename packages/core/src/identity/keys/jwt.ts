// JSON Web Tokens of this server (RFC 7519): one algorithm, one issuer, one audience, and a type for each use, so that a token
// made for one use is refused for every other.
import type { Random } from "../../kernel/ids.ts";
import { hashOf, nodeCrypto } from "./secrets.ts";

const algorithm = "EdDSA";
const seedBytes = 32;
/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410, section 7). */
const pkcs8Start = Buffer.from("302e020100300506032b657004220420", "hex");
const kidCharacters = 16;

/** An Ed25519 key as JWK (RFC 8037). */
export interface SigningKey {
  readonly kid: string;
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly d: string;
}

export function newSigningKey(random: Random): SigningKey {
  const der = Buffer.concat([pkcs8Start, random.bytes(seedBytes)]);
  const key = nodeCrypto().createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const { x, d } = key.export({ format: "jwk" });
  if (x === undefined || d === undefined) throw new Error("An Ed25519 key was exported without its parts.");
  return { kid: hashOf(x).slice(0, kidCharacters), kty: "OKP", crv: "Ed25519", x, d };
}

/** What is said in a token. Times are milliseconds since 1970, written as whole seconds. */
export interface JwtClaims {
  readonly type: "at+jwt" | "local+jwt";
  readonly subject: string;
  /** Name of the data folder: issuer and audience. */
  readonly instance: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Session it belongs to. */
  readonly session?: string | undefined;
}

export async function signJwt(key: SigningKey, claims: JwtClaims): Promise<string> {
  const { SignJWT } = await import("jose");
  const private_ = nodeCrypto().createPrivateKey({ key: { ...key }, format: "jwk" });
  return new SignJWT(claims.session === undefined ? {} : { sid: claims.session })
    .setProtectedHeader({ alg: algorithm, kid: key.kid, typ: claims.type })
    .setSubject(claims.subject)
    .setIssuer(claims.instance)
    .setAudience(claims.instance)
    .setIssuedAt(Math.floor(claims.issuedAt / 1_000))
    .setExpirationTime(Math.floor(claims.expiresAt / 1_000))
    .sign(private_);
}

/** What has to be so for a token to be believed. */
export interface JwtCheck {
  readonly type: JwtClaims["type"];
  readonly instance: string;
  readonly now: number;
  /** Longest time between being issued and expiring. */
  readonly lifeMsMax: number;
  readonly keyFor: (kid: string) => SigningKey | undefined;
}

/** The claims, or undefined for a token that is not to be believed, for whatever reason. */
export async function verifyJwt(token: string, check: JwtCheck): Promise<JwtClaims | undefined> {
  const { jwtVerify, errors } = await import("jose");
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = kid === undefined ? undefined : check.keyFor(kid);
        if (key === undefined) throw new errors.JWKSNoMatchingKey();
        return nodeCrypto().createPublicKey({ key: { kty: key.kty, crv: key.crv, x: key.x }, format: "jwk" });
      },
      {
        algorithms: [algorithm],
        typ: check.type,
        issuer: check.instance,
        audience: check.instance,
        currentDate: new Date(check.now),
        requiredClaims: ["sub", "iat", "exp"],
      },
    );
    const { sub, iat = 0, exp = 0, sid } = payload;
    if (sub === undefined || exp - iat > Math.ceil(check.lifeMsMax / 1_000)) return undefined;
    return {
      type: check.type,
      subject: sub,
      instance: check.instance,
      issuedAt: iat * 1_000,
      expiresAt: exp * 1_000,
      session: typeof sid === "string" ? sid : undefined,
    };
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
