// The little of protobuf's encoding that caches of other tools need (protobuf.dev/programming-guides/encoding).

/** What was read is no message. */
export class NotProtobuf extends Error {}

interface Field {
  readonly number: number;
  /** Of a field with a length; the others have none. */
  readonly bytes: Uint8Array | undefined;
  /** Of a number; 0 for the others, and for those of fixed width. */
  readonly value: number;
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
    let value = 0;
    if (kind === 0) value = varint();
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else if (kind === 2) {
      const length = varint();
      bytes = message.subarray(at, at + length);
      at += length;
    } else throw new NotProtobuf();
    if (at > message.length) throw new NotProtobuf();
    yield { number, bytes, value };
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

/** The last number with this number; 0 without one. */
export function numberIn(message: Uint8Array, number: number): number {
  let value = 0;
  for (const field of fieldsOf(message)) if (field.number === number && field.bytes === undefined) value = field.value;
  return value;
}

function varintOf(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  bytes.push(left);
  return bytes;
}

/** A message of these fields in their order; texts that are empty and numbers that are 0 are left out, bytes and messages never. */
export function written(fields: readonly (readonly [number, string | number | Uint8Array])[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [number, value] of fields) {
    if (value === "" || value === 0) continue;
    if (typeof value === "number") parts.push(Uint8Array.from([...varintOf(number * 8), ...varintOf(value)]));
    else {
      const bytes = typeof value === "string" ? Buffer.from(value, "utf8") : value;
      parts.push(Uint8Array.from([...varintOf(number * 8 + 2), ...varintOf(bytes.length)]), bytes);
    }
  }
  return Buffer.concat(parts);
}

/** A message of texts, truths and counts by their numbers; what is empty, false or 0 is left out, as the format has it. */
export function messageOf(fields: Readonly<Record<number, string | boolean | number>>): Uint8Array {
  const bytes: number[] = [];
  const varint = (value: number): void => void bytes.push(...varintOf(value));
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
