// What an audit row says of before and after: small JSON, never a secret, and of values only those that are short.
import { decodeValue, valueToJson } from "@sluice/protocol";
import { isStandIn } from "../../kernel/blob-ref.ts";

/** Longest JSON that is kept as `before` or `after`; of more only the size is told. */
export const detailCharsMax = 4_096;
/** Longest encoded value that is shown itself. */
export const shownBytesMax = 1_024;

/** JSON of an object without what is undefined in it; undefined for one that says nothing. */
export function detailOf(detail: object | undefined): string | undefined {
  if (detail === undefined) return undefined;
  const json = JSON.stringify(detail);
  if (json === "{}") return undefined;
  return json.length <= detailCharsMax ? json : JSON.stringify({ omittedChars: json.length });
}

export interface ShownValue {
  readonly bytes: number;
  /** As JSON, where the value is short and not kept in a blob. */
  readonly value?: unknown;
}

/** A stored value's size, and itself where it is short. */
export function shownValue(encoded: Uint8Array): ShownValue {
  const bytes = encoded.length;
  if (bytes > shownBytesMax || isStandIn(encoded)) return { bytes };
  try {
    return { bytes, value: valueToJson(decodeValue(encoded)) };
  } catch {
    // What cannot be read can still be counted.
    return { bytes };
  }
}
