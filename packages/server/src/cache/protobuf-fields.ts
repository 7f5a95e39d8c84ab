// The little of protobuf's encoding that caches of other tools need (protobuf.dev/programming-guides/encoding).

/** What was read is no message. */
export class NotProtobuf extends Error {}

interface Field {
  readonly number: number;
  /** Of a field with a length; the others have none. */
  readonly bytes: Uint8Array | undefined;
}

/** The fields of a message. Throws `NotProtobuf`. */
function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) throw new NotProtobuf();
      // Longer than 53 bits is nothing that is looked at here.
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new NotProtobuf();
  };
  while (at < message.length) {
    const tag = varint();
    const [number, kind] = [Math.floor(tag / 8), tag % 8];
    let bytes: Uint8Array | undefined;
    if (kind === 0) varint();
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else if (kind === 2) {
      const length = varint();
      bytes = message.subarray(at, at + length);
      at += length;
    } else throw new NotProtobuf();
    if (at > message.length) throw new NotProtobuf();
    yield { number, bytes };
  }
}

/** The fields with this number that have a length. */
export function* within(message: Uint8Array, number: number): Generator<Uint8Array> {
  for (const field of fieldsOf(message)) if (field.number === number && field.bytes !== undefined) yield field.bytes;
}

/** The last text with this number; empty without one. */
export function textIn(message: Uint8Array, number: number): string {
  let text = "";
  for (const bytes of within(message, number)) text = Buffer.from(bytes).toString("utf8");
  return text;
}

/** A message of texts, truths and counts by their numbers; what is empty, false or 0 is left out, as the format has it. */
export function messageOf(fields: Readonly<Record<number, string | boolean | number>>): Uint8Array {
  const bytes: number[] = [];
  const varint = (value: number): void => {
    let left = value;
    for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
    bytes.push(left);
  };
  for (const [number, value] of Object.entries(fields)) {
    if (value === "" || value === false || value === 0) continue;
    if (typeof value === "string") {
      const text = Buffer.from(value, "utf8");
      varint(Number(number) * 8 + 2);
      varint(text.length);
      bytes.push(...text);
    } else {
      varint(Number(number) * 8);
      varint(Number(value));
    }
  }
  return Uint8Array.from(bytes);
}
