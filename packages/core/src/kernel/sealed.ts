// What a value looks like that is kept encrypted: an envelope that says with which key, and for which place, it was sealed.
import { referenceByte } from "./blob-ref.ts";

/** Which value of a run it is. `cached`: a step's result that others may be given; `answer`: to a token; `payload`: of an event. */
export type SealedField =
  | "input"
  | "output"
  | "error"
  | "progress"
  | "value"
  | "cached"
  | "answer"
  | "data"
  | "log"
  | "chunk"
  | "payload";

/** The place a value is sealed for; it is authenticated together with the value. */
export interface SealPlace {
  /** The run; empty for events, which belong to none. */
  readonly run: string;
  /** Number of the journal entry; absent for values of the run itself. */
  readonly seq?: number | undefined;
  readonly field: SealedField;
}

export interface SealHeader extends SealPlace {
  /** Id of the data key. */
  readonly key: string;
}

/** Second byte, by what stands there. */
const marks = { sealed: 1, erased: 2 } as const;
/** First byte, mark, and the length of the header in two bytes, big end first. */
const prefixBytes = 4;

/** What stands in the place of a value whose run was erased. */
export const erasedValue: Uint8Array = Uint8Array.of(referenceByte, marks.erased);

/** True for the mark of a value whose run was erased. */
export function isErased(bytes: Uint8Array | undefined): boolean {
  return bytes?.length === erasedValue.length && bytes[0] === referenceByte && bytes[1] === marks.erased;
}

/** The bytes that an envelope begins with, and that are authenticated with what follows. */
export function encodeSealHeader({ key, run, seq, field }: SealHeader): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify([key, run, seq ?? null, field]));
  const bytes = new Uint8Array(prefixBytes + text.length);
  bytes.set([referenceByte, marks.sealed, text.length >> 8, text.length & 0xff]);
  bytes.set(text, prefixBytes);
  return bytes;
}

/** The header of an envelope, and how many bytes it has; undefined for anything else. */
export function sealHeaderOf(
  bytes: Uint8Array | undefined,
): { readonly header: SealHeader; readonly length: number } | undefined {
  if (bytes === undefined || bytes[0] !== referenceByte || bytes[1] !== marks.sealed) return undefined;
  const length = prefixBytes + (((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0));
  // A reference to a blob may have the same second byte; it is shorter than any header with what follows it.
  if (bytes.length <= length || bytes.length <= referenceBytes) return undefined;
  const [key, run, seq, field] = JSON.parse(new TextDecoder().decode(bytes.subarray(prefixBytes, length))) as [
    string,
    string,
    number | null,
    SealedField,
  ];
  return { header: { key, run, field, ...(seq === null ? {} : { seq }) }, length };
}

/** Length of a reference to a blob. */
const referenceBytes = 33;

/** Whether a value may stand in a place. A fork has entries of the run it is a copy of. */
export function belongs(header: SealHeader, place: SealPlace & { readonly fork?: boolean | undefined }): boolean {
  if (header.field !== place.field || header.seq !== place.seq) return false;
  return header.run === place.run || place.fork === true;
}
