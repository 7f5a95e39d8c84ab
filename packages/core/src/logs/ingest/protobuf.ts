// Protocol Buffers as bytes: the few messages that answers are made of.
// Format: protobuf.dev, "Encoding".
import { ByteWriter } from "../storage/bytes.ts";

/** A message of texts, whole numbers and messages, by their fields; what is undefined is left out. */
export function protobufMessage(
  fields: Readonly<Record<number, string | number | Uint8Array | undefined>>,
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  for (const [field, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    writer.varint(Number(field) * 8 + (typeof value === "number" ? 0 : 2));
    if (typeof value === "number") writer.varint(value);
    else if (typeof value === "string") writer.text(value);
    else {
      writer.varint(value.length);
      writer.raw(value);
    }
  }
  return writer.taken();
}
