// Keeps the values of secrets inside the worker: whatever leaves it has stars in their place, as many as they are long, so that
// encoded values keep their shape.
import { secretCharsMin } from "@sluice/protocol";

/** A line of a secret with several is looked for by itself from this length on. */
const lineCharsMin = 16;
/** Under these keys of a message stands what a program made; all other texts are the protocol's own words. */
const contentKeys = new Set(["message", "description", "name", "key", "id", "tags", "detail", "path"]);
const star = 0x2a;

interface Needle {
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** Knows the values in use in this worker, and in which ways they are commonly written. */
export class Redactor {
  readonly #known = new Set<string>();
  readonly #encoder = new TextEncoder();
  #needles: readonly Needle[] = [];
  #first: (() => void)[] = [];

  /** True while there is nothing to look for. */
  get isEmpty(): boolean {
    return this.#needles.length === 0;
  }

  /** Calls back before the first value is known. */
  onFirst(callback: () => void): void {
    this.#first.push(callback);
  }

  /** From now on this value leaves no more. */
  add(value: string): void {
    if (this.#known.has(value)) return;
    if (this.isEmpty) for (const callback of this.#first.splice(0)) callback();
    this.#known.add(value);
    const texts = new Set(this.#needles.map((needle) => needle.text));
    for (const text of waysToWrite(value)) if (text.length >= secretCharsMin) texts.add(text);
    this.#needles = [...texts]
      .toSorted((a, b) => b.length - a.length)
      .map((text) => ({ text, bytes: this.#encoder.encode(text) }));
  }

  /** The text with stars in the place of known values. */
  text(text: string): string {
    let masked = text;
    for (const needle of this.#needles) {
      if (masked.includes(needle.text)) masked = masked.replaceAll(needle.text, "*".repeat(needle.text.length));
    }
    return masked;
  }

  /** The bytes, or a copy with stars where they hold a known value. */
  bytes(bytes: Uint8Array): Uint8Array {
    let masked = bytes;
    for (const { bytes: wanted } of this.#needles) {
      for (let at = indexOf(masked, wanted, 0); at >= 0; at = indexOf(masked, wanted, at + wanted.length)) {
        if (masked === bytes) masked = bytes.slice();
        masked.fill(star, at, at + wanted.length);
      }
    }
    return masked;
  }

  /** A message, with what programs made in it masked. */
  message<T>(message: T): T {
    return this.isEmpty ? message : (this.#part(message, "") as T);
  }

  #part(part: unknown, key: string): unknown {
    if (typeof part === "string") return contentKeys.has(key) ? this.text(part) : part;
    if (typeof part !== "object" || part === null) return part;
    if (part instanceof Uint8Array) return this.bytes(part);
    if (Array.isArray(part)) return part.map((each: unknown) => this.#part(each, key));
    return Object.fromEntries(Object.entries(part).map(([name, each]) => [name, this.#part(each, name)]));
  }
}

/** The value as it is, in JSON, in a URL, and in base64 wherever in a longer text it begins. */
function waysToWrite(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  const texts = [value, ...(lines.length > 1 ? lines.filter((line) => line.length >= lineCharsMin) : [])];
  return texts.flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text),
    ...inBase64(text),
  ]);
}

/**
 * The part of its base64 that does not depend on what stands around it, for each of the three places in a group of three bytes
 * at which it can begin (RFC 4648: four characters stand for three bytes).
 */
function inBase64(text: string): string[] {
  const bytes = new TextEncoder().encode(text);
  return [0, 1, 2].flatMap((offset) => {
    const padded = new Uint8Array(offset + bytes.length);
    padded.set(bytes, offset);
    const encoded = btoa(Array.from(padded, (byte) => String.fromCharCode(byte)).join(""));
    const from = Math.ceil((offset * 8) / 6);
    const to = Math.floor((padded.length * 8) / 6);
    const part = encoded.slice(from, to);
    return [part, part.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const [first] = wanted;
  if (first === undefined) return -1;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    let length = 1;
    while (length < wanted.length && bytes[at + length] === wanted[length]) length++;
    if (length === wanted.length) return at;
  }
  return -1;
}
