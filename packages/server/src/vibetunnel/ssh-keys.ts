// Signing in with an SSH key: what is signed is a challenge that was given out once, by a key that the user's `authorized_keys` names.
import { createPublicKey, randomBytes, randomUUID, verify } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Clock } from "@sluice/core";

const challengeMs = 5 * 60_000;
const challengesMax = 1_000;
const challengeBytes = 32;
const keyType = "ssh-ed25519";
const rawKeyBytes = 32;
const signatureBytes = 64;
/** What stands before the 32 bytes of a key in SubjectPublicKeyInfo (RFC 8410, section 4). */
const spkiHead = Buffer.from("302a300506032b6570032100", "hex");

export class SshSignIn {
  readonly #clock: Pick<Clock, "now">;
  /** Lists the keys that may sign in. */
  readonly #authorizedKeys: string;
  readonly #challenges = new Map<string, { readonly user: string; readonly bytes: Buffer; readonly until: number }>();

  constructor(p: { readonly clock: Pick<Clock, "now">; readonly authorizedKeys: string }) {
    this.#clock = p.clock;
    this.#authorizedKeys = p.authorizedKeys;
  }

  challenge(user: string): { readonly challengeId: string; readonly challenge: string; readonly expiresAt: number } {
    if (this.#challenges.size >= challengesMax) this.#challenges.delete([...this.#challenges.keys()][0] ?? "");
    const challengeId = randomUUID();
    const bytes = randomBytes(challengeBytes);
    const until = this.#clock.now() + challengeMs;
    this.#challenges.set(challengeId, { user, bytes, until });
    return { challengeId, challenge: bytes.toString("base64"), expiresAt: until };
  }

  /** Who has signed; undefined for nobody. A challenge is good for one try. */
  async verify(p: {
    readonly challengeId: string;
    readonly publicKey: string;
    readonly signature: string;
  }): Promise<string | undefined> {
    const challenge = this.#challenges.get(p.challengeId);
    this.#challenges.delete(p.challengeId);
    if (challenge === undefined || this.#clock.now() > challenge.until) return undefined;
    const [type, data = ""] = p.publicKey.trim().split(/\s+/);
    const raw = type === keyType ? rawKeyIn(Buffer.from(data, "base64")) : undefined;
    const signature = Buffer.from(p.signature, "base64");
    if (raw === undefined || signature.length !== signatureBytes) return undefined;
    const key = createPublicKey({ key: Buffer.concat([spkiHead, raw]), format: "der", type: "spki" });
    if (!verify(null, challenge.bytes, key, signature)) return undefined;
    return (await this.#isAuthorized(raw)) ? challenge.user : undefined;
  }

  async #isAuthorized(raw: Buffer): Promise<boolean> {
    const text = await readFile(this.#authorizedKeys, "utf8").catch(() => "");
    return text.split("\n").some((line) => {
      // Keys with options may do less than open a shell: they do not count.
      const [type, data = ""] = line.trim().split(/\s+/);
      return type === keyType && rawKeyIn(Buffer.from(data, "base64"))?.equals(raw) === true;
    });
  }
}

/** Of the wire format: length and name of the type, length and key (RFC 8709, section 4). */
function rawKeyIn(blob: Buffer): Buffer | undefined {
  const nameBytes = keyType.length;
  if (blob.length !== 4 + nameBytes + 4 + rawKeyBytes) return undefined;
  if (blob.readUInt32BE(0) !== nameBytes || blob.toString("latin1", 4, 4 + nameBytes) !== keyType) return undefined;
  return blob.readUInt32BE(4 + nameBytes) === rawKeyBytes ? blob.subarray(8 + nameBytes) : undefined;
}
