// Tokens of the listener: JWT, HS256 only, with a key and an audience of its own, so that they are worth nothing anywhere else.
import { SignJWT, jwtVerify } from "jose";

const algorithm = "HS256";
const tokenMs = 24 * 3_600_000;

export class ListenerTokens {
  readonly #key: Uint8Array;
  readonly #audience: string;
  readonly #now: () => number;

  /** `audience` names this listener. */
  constructor(p: { readonly key: Uint8Array; readonly audience: string; readonly now: () => number }) {
    this.#key = p.key;
    this.#audience = p.audience;
    this.#now = p.now;
  }

  /** Good for a day. */
  async make(user: string, id: string): Promise<string> {
    const now = this.#now();
    return new SignJWT({ userId: user })
      .setProtectedHeader({ alg: algorithm, typ: "JWT" })
      .setIssuedAt(Math.floor(now / 1_000))
      .setExpirationTime(Math.floor((now + tokenMs) / 1_000))
      .setAudience(this.#audience)
      .setJti(id)
      .sign(this.#key);
  }

  /** Undefined for anything that this listener has not signed, or that is over. */
  async read(token: string): Promise<{ readonly user: string; readonly id: string } | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: [algorithm],
        audience: this.#audience,
        currentDate: new Date(this.#now()),
        requiredClaims: ["exp", "jti"],
      });
      const { userId, jti } = payload;
      return typeof userId === "string" && jti !== undefined ? { user: userId, id: jti } : undefined;
    } catch {
      return undefined;
    }
  }
}
