// Digests over lists of things, in a form in which no two different lists look the same.
import { createHash } from "node:crypto";
import type { Digest } from "../ports.ts";

export function sha256(data: string | Uint8Array): Digest {
  return createHash("sha256").update(data).digest("hex");
}

/** Of texts in this order; each is preceded by its length. */
export function digestOfTexts(texts: Iterable<string>): Digest {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}:${text}\n`);
  return hash.digest("hex");
}

/** Of a record; the order of keys does not matter, `undefined` is as if it were not there. */
export function digestOfRecord(record: Readonly<Record<string, string | undefined>>): Digest {
  const entries = Object.entries(record).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return digestOfTexts(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).flat());
}

/** JSON in which the order of keys does not matter; empty for nothing. */
export function stableText(value: unknown): string {
  if (value === undefined) return "";
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
