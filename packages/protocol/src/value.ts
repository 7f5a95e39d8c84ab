// Values: what users' inputs, results, events and state are turned into wherever they leave a process.
// The format is in value-format.ts, its two directions in value-encode.ts and value-decode.ts.
import { readValue } from "./value-decode.ts";
import { ValueEncoder } from "./value-encode.ts";

export { valueToJson } from "./value-json.ts";

/**
 * The encoder that waits for the next call. It holds nothing but scratch memory; a call that comes while another is
 * under way (from a getter of the value) takes a new one.
 */
let waiting: ValueEncoder | undefined;

/**
 * Encodes what `structuredClone` takes, shared references and cycles included, as the versioned MessagePack documented
 * at `valueFormatVersion`. The bytes are the caller's own. Throws `ValueNotSerializableError` with the path of what
 * cannot be carried: functions, symbols, promises and other objects whose state is hidden, and what nests deeper than
 * `valueDepthMax`. Instances of users' classes become plain objects.
 */
export function encodeValue(value: unknown): Uint8Array {
  const encoder = waiting ?? new ValueEncoder();
  waiting = undefined;
  try {
    return encoder.encode(value);
  } finally {
    waiting = encoder;
  }
}

/**
 * The value that `encodeValue` encoded, sharing nothing with the bytes. Throws `ValueDecodeError` for anything else: a
 * format version that is not known, broken MessagePack, or nesting deeper than `valueDepthMax`.
 */
export function decodeValue(bytes: Uint8Array): unknown {
  return readValue(bytes);
}
