// An authenticator in software, with the browser's part beside it: makes ES256 passkeys and answers challenges as WebAuthn says
// (Web Authentication Level 3, sections 6.1, 6.5 and 5.8.1), or wrongly on purpose.
import { createHash } from "node:crypto";

export interface Asked {
  readonly rpId: string;
  readonly origin: string;
  readonly challenge: string;
}

/** What an answer can get wrong. */
export interface Quirks {
  readonly type?: string;
  /** Of the authenticator data: user present 1, user verified 4. */
  readonly flags?: number;
  readonly userHandle?: string | undefined;
  readonly counter?: number;
}

const userPresent = 1;
const userVerified = 4;
const credentialIncluded = 64;

export class SoftAuthenticator {
  readonly #keys: CryptoKeyPair;
  readonly #id = crypto.getRandomValues(new Uint8Array(32));
  #counter = 0;
  #user = "";

  private constructor(keys: CryptoKeyPair) {
    this.#keys = keys;
  }

  static async make(): Promise<SoftAuthenticator> {
    return new SoftAuthenticator(
      await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]),
    );
  }

  get id(): string {
    return text(this.#id);
  }

  /** What `navigator.credentials.create` answers with; `user` as in the options. */
  async create(asked: Asked & { readonly user: string }, quirks: Quirks = {}) {
    this.#user = asked.user;
    const jwk = await crypto.subtle.exportKey("jwk", this.#keys.publicKey);
    const [x, y] = [Buffer.from(jwk.x ?? "", "base64url"), Buffer.from(jwk.y ?? "", "base64url")];
    // COSE_Key (RFC 9053): kty EC2, alg ES256, crv P-256.
    const publicKey = cborMap([
      [int(1), int(2)],
      [int(3), int(-7)],
      [int(-1), int(1)],
      [int(-2), byteString(x)],
      [int(-3), byteString(y)],
    ]);
    const length = Uint8Array.of(this.#id.length >> 8, this.#id.length & 255);
    const credential = Buffer.concat([new Uint8Array(16), length, this.#id, publicKey]);
    const flags = (quirks.flags ?? userPresent | userVerified) | credentialIncluded;
    const data = Buffer.concat([this.#head(asked.rpId, flags, quirks.counter ?? 0), credential]);
    const attestation = cborMap([
      [textString("fmt"), textString("none")],
      [textString("attStmt"), cborMap([])],
      [textString("authData"), byteString(data)],
    ]);
    const client = clientData(asked, quirks.type ?? "webauthn.create");
    return this.#credential({
      clientDataJSON: text(client),
      attestationObject: text(attestation),
      transports: ["internal"],
    });
  }

  /** What `navigator.credentials.get` answers with. */
  async get(asked: Asked, quirks: Quirks = {}) {
    this.#counter = quirks.counter ?? this.#counter + 1;
    const data = this.#head(asked.rpId, quirks.flags ?? userPresent | userVerified, this.#counter);
    const client = clientData(asked, quirks.type ?? "webauthn.get");
    const signed = Buffer.concat([data, sha256(client)]);
    const raw = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, this.#keys.privateKey, signed);
    return this.#credential({
      clientDataJSON: text(client),
      authenticatorData: text(data),
      signature: text(inDer(new Uint8Array(raw))),
      userHandle: "userHandle" in quirks ? quirks.userHandle : this.#user,
    });
  }

  #credential<Response>(response: Response) {
    return { id: this.id, rawId: this.id, type: "public-key", clientExtensionResults: {}, response } as const;
  }

  #head(rpId: string, flags: number, counter: number): Uint8Array {
    const count = new Uint8Array(4);
    new DataView(count.buffer).setUint32(0, counter);
    return Buffer.concat([sha256(Buffer.from(rpId)), Uint8Array.of(flags), count]);
  }
}

function clientData({ challenge, origin }: Asked, type: string): Uint8Array {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

/** ECDSA-Sig-Value (RFC 3279) from the two numbers side by side. */
function inDer(raw: Uint8Array): Uint8Array {
  const number = (bytes: Uint8Array): Uint8Array => {
    const start = bytes.findIndex((byte) => byte !== 0);
    const short = bytes.subarray(start);
    const positive = (short[0] ?? 0) >= 128 ? Buffer.concat([Uint8Array.of(0), short]) : short;
    return Buffer.concat([Uint8Array.of(2, positive.length), positive]);
  };
  const numbers = Buffer.concat([number(raw.subarray(0, 32)), number(raw.subarray(32))]);
  return Buffer.concat([Uint8Array.of(48, numbers.length), numbers]);
}

// CBOR (RFC 8949), as much as is needed: a major type with its argument, then the content.
function head(major: number, argument: number): Uint8Array {
  if (argument < 24) return Uint8Array.of((major << 5) | argument);
  if (argument < 256) return Uint8Array.of((major << 5) | 24, argument);
  return Uint8Array.of((major << 5) | 25, argument >> 8, argument & 255);
}

function int(value: number): Uint8Array {
  return value < 0 ? head(1, -1 - value) : head(0, value);
}

function byteString(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([head(2, bytes.length), bytes]);
}

function textString(value: string): Uint8Array {
  return Buffer.concat([head(3, value.length), Buffer.from(value)]);
}

function cborMap(entries: readonly (readonly [Uint8Array, Uint8Array])[]): Uint8Array {
  return Buffer.concat([head(5, entries.length), ...entries.flat()]);
}
