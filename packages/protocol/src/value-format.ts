// The format of values on the wire and in the journal: its version, its extension types, its limits and its errors.

/**
 * Version 1 of the value format.
 *
 * A value that MessagePack can carry by itself (nil, booleans, numbers, well-formed strings, bytes, arrays, string-keyed
 * maps, no object twice) is exactly that, without any addition. A document that needs more begins with the header
 * `d4 00 01`, an extension of type 0 whose one byte is the format's version, followed by the value. An unknown version,
 * and an extension without the header, are refused.
 *
 * Integers from −(2^53−1) to 2^53−1 take their shortest integer form, other numbers and −0 are float64; an integer beyond
 * that range, which only a foreign encoder writes, is read as BigInt. Inside extensions `value` is a MessagePack value of
 * this same format, integers are MessagePack integers unless a width is given, all fixed widths are big-endian, and the
 * elements of typed arrays and of text16 are little-endian.
 *
 * | type | name | body |
 * |---|---|---|
 * | 0 | header | uint8 version |
 * | 1 | undefined | uint8 0 |
 * | 2 | reference | uint32: number of an object of this document |
 * | 3 | text16 | a string with lone surrogates as UTF-16 code units; also as a map key |
 * | 4 | bigint | two's complement, in the fewest whole 8-byte words, at least one |
 * | 5 | date | float64 milliseconds since 1970; NaN for an invalid date |
 * | 6 | regexp | value source, value flags |
 * | 7 | map | array header of 2n, then n times value key, value value |
 * | 8 | set | array header of n, then n values |
 * | 9 | error | value kind (name of a standard error class), then a map of those of `name`, `message`, `stack`, `cause`, `errors` that are there, then a map of its own properties |
 * | 10 | boxed | value of a Boolean, Number, String or BigInt object |
 * | 11 | buffer | the bytes of an ArrayBuffer |
 * | 12 | view | uint8 kind, then the bytes |
 * | 13 | shared view | int kind, int byte offset, int length in elements (bytes for DataView), value buffer |
 * | 14 | uneven array | int length, map header of n, then n times index (int) or name (string) and value |
 *
 * Kinds of view: 1 Int8Array, 2 Uint8Array, 3 Uint8ClampedArray, 4 Int16Array, 5 Uint16Array, 6 Int32Array, 7 Uint32Array,
 * 8 Float32Array, 9 Float64Array, 10 BigInt64Array, 11 BigUint64Array, 12 DataView, 13 Float16Array. A Uint8Array by itself
 * is MessagePack bin.
 *
 * **Numbers of objects.** Every array, map, bin and extension of type 5 to 14 is given the next number, from 0, where it
 * begins; bin and view take two, the second for the buffer under them. References may point to what is still open.
 *
 * The result of decoding is that of `structuredClone`, with these differences:
 * - An error keeps its `name`, and those own enumerable properties that are primitive (such as `code`).
 * - A view that covers part of its buffer carries only that part, so that the rest of a pooled buffer stays at home; it shares
 *   with another view only when the whole buffer was met before it. A resizable buffer arrives with a fixed length.
 * - Named properties of an array are carried for the result of a regular expression match, and dropped otherwise.
 * - A `SharedArrayBuffer` is refused; a proxy is read through.
 */
export const valueFormatVersion = 1;

/** Extension types of format version 1. */
export const valueExtensions = {
  header: 0,
  undefined: 1,
  reference: 2,
  text16: 3,
  bigint: 4,
  date: 5,
  regexp: 6,
  map: 7,
  set: 8,
  error: 9,
  boxed: 10,
  buffer: 11,
  view: 12,
  sharedView: 13,
  unevenArray: 14,
} as const;

/** Bytes of the header that a document with extensions begins with. */
export const valueHeaderBytes = 3;

/**
 * Levels of nesting that a value may have. Every runtime's default stack holds twice as many, with room for the caller.
 * The number of entries beside each other is not limited here.
 */
export const valueDepthMax = 500;

/** Names of the view kinds in the order of their numbers, from 1. */
export const viewKinds = [
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "DataView",
  "Float16Array",
] as const;

/** Error classes that a value can come back as; others come back as `Error` with their own `name`. */
export const errorKinds = [
  "AggregateError",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
  "DOMException",
  "Error",
] as const;
export type ErrorKind = (typeof errorKinds)[number];

/** Properties of an error that have their own place in the format. */
export const errorFields = ["name", "message", "stack", "cause", "errors"] as const;

/** A value holds something that cannot leave the process. `path` says where, as in `$.items[3].callback`. */
export class ValueNotSerializableError extends Error {
  override readonly name = "ValueNotSerializableError";
  readonly code = "value_not_serializable";
  readonly path: string;
  readonly hint: string;

  constructor(what: { readonly path: string; readonly problem: string; readonly hint: string }) {
    super(`${what.path} ${what.problem}. ${what.hint}`);
    this.path = what.path;
    this.hint = what.hint;
  }
}

/** Bytes that are not a value of a format version known here. */
export class ValueDecodeError extends Error {
  override readonly name = "ValueDecodeError";
  readonly code = "value_bad_encoding";
}

/** One step from an object to what it holds: a property, an index, or minus (2n+1) and minus (2n+2) for key and value of a Map's n-th entry. */
export type PathStep = string | number;

/** Characters of a path that an error message shows. */
const pathCharsMax = 400;
const plainName = /^[A-Za-z_$][\w$]*$/;

/** Text of a path, as in `$.items[3].callback`. The middle of a very long one is left out. */
export function pathText(steps: readonly PathStep[]): string {
  let text = "$";
  for (const step of steps) {
    if (typeof step === "string") text += plainName.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
    else if (step >= 0) text += `[${step}]`;
    else text += step % 2 === 0 ? `.<value ${-step / 2 - 1}>` : `.<key ${(-step - 1) / 2}>`;
  }
  if (text.length <= pathCharsMax) return text;
  return `${text.slice(0, pathCharsMax / 2)} … ${text.slice(-pathCharsMax / 2)}`;
}
