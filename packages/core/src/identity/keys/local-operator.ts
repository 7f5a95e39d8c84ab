// Whoever can read the data folder is admin at that machine: the command line proves it by signing with a key that lies there.
import type { Clock } from "../../kernel/clock.ts";
import type { Random } from "../../kernel/ids.ts";
import { newSigningKey, signJwt, verifyJwt } from "./jwt.ts";
import type { SigningKey } from "./jwt.ts";
import { keyOf } from "./key-folder.ts";
import type { KeyFolder } from "./key-folder.ts";

const keyName = "local.jwk";
const subject = "local";
const lifeMs = 60_000;

/** A token for 60 seconds, good as bearer for the server of this data folder alone. Makes the key when there is none. */
export async function signLocalOperator(p: {
  readonly keys: KeyFolder;
  readonly clock: Clock;
  readonly random: Random;
  /** Name of the data folder, as the server has it. */
  readonly instance: string;
}): Promise<string> {
  const key = readKey(await keyOf(p.keys, keyName, () => encodeKey(newSigningKey(p.random))));
  const issuedAt = p.clock.now();
  const expiresAt = issuedAt + lifeMs;
  return signJwt(key, { type: "local+jwt", subject, instance: p.instance, issuedAt, expiresAt });
}

/** When it expires; undefined for a token that this folder's key did not sign. */
export async function verifyLocalOperator(
  token: string,
  p: { readonly keys: KeyFolder; readonly clock: Clock; readonly instance: string },
): Promise<{ readonly expiresAt: number } | undefined> {
  const kept = await p.keys.read(keyName);
  if (kept === undefined) return undefined;
  const key = readKey(kept);
  const claims = await verifyJwt(token, {
    type: "local+jwt",
    instance: p.instance,
    now: p.clock.now(),
    lifeMsMax: lifeMs,
    keyFor: (kid) => (kid === key.kid ? key : undefined),
  });
  return claims?.subject === subject ? { expiresAt: claims.expiresAt } : undefined;
}

function encodeKey(key: SigningKey): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(key)}\n`);
}

function readKey(bytes: Uint8Array): SigningKey {
  return JSON.parse(new TextDecoder().decode(bytes)) as SigningKey;
}
