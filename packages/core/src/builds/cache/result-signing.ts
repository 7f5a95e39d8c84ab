// Results that say who made them, whoever carries them: signed where a task was executed, and believed where that key is trusted. The
// server in between can neither change one nor pass it off as another task's.
import type { ActionResult } from "../ports.ts";
import { buildSpace, digestsIn } from "./build-results.ts";
import { ed25519Signer } from "./signing.ts";
import type { Signed } from "./signing.ts";

export interface ResultSigner {
  /** The same result with a signature; without a key of one's own as it is. */
  signed(result: ActionResult): ActionResult;
  /** Whether it may be used: made by somebody who is trusted, or nobody in particular is. */
  isTrusted(result: ActionResult): boolean;
}

export interface ResultKeys {
  /** What one's own signatures are called. */
  readonly name: string;
  /** PEM, Ed25519. */
  readonly privateKey?: string | undefined;
  /** Public halves in PEM by name; undefined: whatever the cache has is believed. */
  readonly trusted?: Readonly<Record<string, string>> | undefined;
}

/** Throws where a key is none. */
export function resultSigner({ name, privateKey, trusted }: ResultKeys): ResultSigner {
  const signer = ed25519Signer({ name, privateKey, trusted: trusted ?? {} });
  return {
    signed: (result) =>
      privateKey === undefined ? result : { ...result, signature: signer.sign(entryOf(result, name)) },
    isTrusted: ({ signature, ...result }) => {
      if (trusted === undefined) return true;
      const [, by] = /^ed25519\/([^:]*):/.exec(signature ?? "") ?? [];
      return by !== undefined && signature !== undefined && signer.isGood(entryOf(result, by), signature);
    },
  };
}

/** All of a result in one order. Scopes are the server's: what is good under its key is good wherever it lies. */
function entryOf(result: Omit<ActionResult, "signature">, by: string): Signed {
  const { key, exitCode, outputs, log, durationMs, createdAtMs, meta } = result;
  const entries = outputs.map((output) => [
    output.path,
    output.type,
    output.type === "file" ? [output.digest, output.size, output.mode] : [],
    output.type === "link" ? output.target : "",
    output.type === "dir" ? output.mode : 0,
  ]);
  const words = Object.entries(meta).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const body = JSON.stringify([exitCode, entries, log, durationMs, createdAtMs, words]);
  return { scope: "", space: buildSpace, key, by, body, digests: [...digestsIn(result)] };
}
