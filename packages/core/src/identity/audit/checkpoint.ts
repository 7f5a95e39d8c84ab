// Checkpoints: where the chain of the audit trail stood at a time, signed. Kept elsewhere, they prove later that no row before
// them was taken away or written anew.
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { AuditHead } from "../../kernel/audit-log.ts";
import type { Random } from "../../kernel/ids.ts";
import { newSigningKey } from "../keys/jwt.ts";
import type { SigningKey } from "../keys/jwt.ts";
import { keyOf } from "../keys/key-folder.ts";
import type { KeyFolder } from "../keys/key-folder.ts";
import { hashOf } from "../keys/secrets.ts";

/** Number of the form below. */
const formatVersion = 1;
const purpose = "sluice-audit-checkpoint";
const privateName = "audit.jwk";
const publicName = "audit.pub";
const keyIdCharacters = 16;

/** One checkpoint. As a line it is a JSON object of these members, `replaces` left out where there is none. */
export interface Checkpoint extends AuditHead {
  readonly format: number;
  /** When it was signed; milliseconds since 1970. */
  readonly at: number;
  /** Head of the data that a restored backup took the place of: what was signed after the backup went with it. */
  readonly replaces?: AuditHead | undefined;
  /** First 16 characters of the SHA-256 (hex) of the public key's 32 bytes in base64url. */
  readonly key: string;
  /** Ed25519 over the signed text, base64. */
  readonly signature: string;
}

/** A key that checks signatures. */
export interface CheckpointKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** Signs checkpoints. */
export interface CheckpointSigner extends CheckpointKey {
  sign(head: AuditHead, p: { readonly at: number; readonly replaces?: AuditHead | undefined }): Checkpoint;
}

/**
 * The text that is signed, in UTF-8: a JSON array without white space, its items in this order, `null` for what is absent.
 *
 * `["sluice-audit-checkpoint", 1, chain, seq, hash, at, replaced chain, replaced seq, replaced hash, key]`
 */
export function signedText(checkpoint: Omit<Checkpoint, "signature">): string {
  const { format, chain, seq, hash, at, replaces, key } = checkpoint;
  const before = [replaces?.chain ?? null, replaces?.seq ?? null, replaces?.hash ?? null];
  return JSON.stringify([purpose, format, chain, seq, hash, at, ...before, key]);
}

/** The signer of a folder of keys; the key is made on first use: `audit.jwk`, and `audit.pub` (PEM) for those who check. */
export async function openSigner(keys: KeyFolder, random: Random): Promise<CheckpointSigner> {
  const kept = await keyOf(keys, privateName, () => encode(`${JSON.stringify(newSigningKey(random))}\n`));
  const jwk = JSON.parse(decode(kept)) as SigningKey;
  const secret = createPrivateKey({ key: { ...jwk }, format: "jwk" });
  const key = createPublicKey(secret);
  const pem = key.export({ format: "pem", type: "spki" });
  const shown = await keys.read(publicName);
  if (shown === undefined || decode(shown) !== pem) await keys.replace(publicName, encode(pem));
  const id = keyIdOf(key);
  return {
    id,
    key,
    sign({ chain, seq, hash }, { at, replaces }) {
      const body = { format: formatVersion, chain, seq, hash, at, ...(replaces && { replaces }), key: id };
      return { ...body, signature: sign(null, encode(signedText(body)), secret).toString("base64") };
    },
  };
}

/** The key that checks what a folder's signer signs; undefined where nothing was signed yet. */
export async function readCheckpointKey(keys: KeyFolder): Promise<CheckpointKey | undefined> {
  const kept = await keys.read(privateName);
  if (kept === undefined) return undefined;
  const key = createPublicKey(
    createPrivateKey({ key: { ...(JSON.parse(decode(kept)) as SigningKey) }, format: "jwk" }),
  );
  return { id: keyIdOf(key), key };
}

/** A key from its PEM form; undefined when it is none of Ed25519. */
export function checkpointKeyOf(pem: string): CheckpointKey | undefined {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === "ed25519" ? { id: keyIdOf(key), key } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the key it names has signed it. */
export function isSigned(checkpoint: Checkpoint, { id, key }: CheckpointKey): boolean {
  if (checkpoint.key !== id || checkpoint.format !== formatVersion) return false;
  const signature = new Uint8Array(Buffer.from(checkpoint.signature, "base64"));
  return verify(null, encode(signedText(checkpoint)), key, signature);
}

/** The checkpoint of a line; undefined for what is none. Says nothing of its signature. */
export function readCheckpoint(line: string): Checkpoint | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { format, at, key, signature, replaces } = value as Record<string, unknown>;
  const right =
    isHead(value) &&
    typeof format === "number" &&
    Number.isSafeInteger(at) &&
    typeof key === "string" &&
    typeof signature === "string" &&
    (replaces === undefined || isHead(replaces));
  return right ? (value as unknown as Checkpoint) : undefined;
}

function isHead(value: unknown): value is AuditHead {
  if (typeof value !== "object" || value === null) return false;
  const { chain, seq, hash } = value as Record<string, unknown>;
  return typeof chain === "string" && Number.isSafeInteger(seq) && typeof hash === "string";
}

function keyIdOf(key: KeyObject): string {
  return hashOf(key.export({ format: "jwk" }).x ?? "").slice(0, keyIdCharacters);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
