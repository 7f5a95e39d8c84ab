// A line taken apart: what its program always says, and the values in between. Values are runs of digits, or whole words that
// look like ids; both are found byte by byte, so that writing and searching agree on where they are.

/** Bytes of words: 1 letter, 2 digit, 0 anything else. Bytes above 127 count as letters: they stand inside words. */
export const byteClasses = new Uint8Array(256).map((_, byte) => {
  if (byte >= 0x30 && byte <= 0x39) return 2;
  const letter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
  return letter || byte > 127 || byte === 0x5f || byte === 0x2d ? 1 : 0;
});

/** Words with a digit that are this long, and change between letters and digits more than this often, or are hexadecimal. */
const idBytesMin = 8;
const changesMax = 2;
/** Stand in a template where a value was: digits, an id, or the row's time. Such bytes of the line are written behind an escape. */
export const digitsByte = 1;
export const idByte = 2;
export const timeByte = 3;
/** Of `2026-03-04T12:00:00.000Z`, and of the word that it begins with. */
export const timeChars = 24;
const timeWordChars = 13;
export const escapeByte = 0;
/** Values of a line past these stay in its template. */
const slotsMax = 64;

const isHex = new Uint8Array(256).map((_, byte) =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66) ? 1 : 0,
);

/** What `Pieces` has found in one text. */
export class Pieces {
  /** The template; valid up to `length`. */
  template: Buffer = Buffer.allocUnsafe(4_096);
  length = 0;
  /** Of the template. */
  hash = 0;
  /** Where each value begins and ends, one after the other. */
  readonly values = new Uint32Array(slotsMax * 2);
  count = 0;
  /** Bytes of the longest word there was. */
  longest = 0;
  readonly #longWord: (bytes: Uint8Array, from: number, to: number) => void;

  /** `longWord` hears of words with a digit that may be ids. */
  constructor(longWord: (bytes: Uint8Array, from: number, to: number) => void = () => undefined) {
    this.#longWord = longWord;
  }

  /** Takes `bytes` from `from` to before `to` apart. `time`: where the row's time begins; -1: nowhere. */
  read(bytes: Uint8Array, p: { readonly from: number; readonly to: number; readonly time: number }): void {
    const { from, to } = p;
    const isWord = (at: number): boolean => at >= from && at < to && (byteClasses[bytes[at] ?? 0] ?? 0) !== 0;
    const time = p.time < 0 || isWord(p.time - 1) || isWord(p.time + timeChars) ? -1 : p.time;
    if ((to - from) * 2 > this.template.length) this.template = Buffer.allocUnsafe((to - from) * 2);
    this.length = 0;
    this.count = 0;
    this.hash = 0x811c9dc5;
    let at = from;
    while (at < to) {
      if (at === time && this.count < slotsMax) {
        at += this.#time(bytes, at);
        continue;
      }
      if ((byteClasses[bytes[at] ?? 0] ?? 0) === 0) {
        this.#plain(bytes[at++] ?? 0);
        continue;
      }
      at = this.#word(bytes, at, to);
    }
  }

  #time(bytes: Uint8Array, at: number): number {
    this.#longWord(bytes, at, at + timeWordChars);
    this.longest = Math.max(this.longest, timeWordChars);
    this.#value({ from: at, to: at, kind: timeByte });
    return timeChars;
  }

  /** The word that begins here; answers where it ends. */
  #word(bytes: Uint8Array, from: number, to: number): number {
    let [at, digits, changes, hex, before] = [from, 0, 0, 0, 0];
    for (; at < to; at++) {
      const byte = bytes[at] ?? 0;
      const kind = byteClasses[byte] ?? 0;
      if (kind === 0) break;
      if (kind === 2) digits++;
      if (before !== 0 && kind !== before) changes++;
      hex += isHex[byte] ?? 0;
      before = kind;
    }
    const length = at - from;
    if (length > this.longest) this.longest = length;
    if (digits === 0) {
      this.#letters(bytes, from, at);
      return at;
    }
    if (length >= idBytesMin) this.#longWord(bytes, from, at);
    const isId =
      this.count < slotsMax && length >= idBytesMin && (changes > changesMax || (hex === length && changes > 0));
    if (isId) this.#value({ from, to: at, kind: idByte });
    else this.#split(bytes, from, at);
    return at;
  }

  #split(bytes: Uint8Array, from: number, to: number): void {
    let at = from;
    while (at < to) {
      const isDigit = byteClasses[bytes[at] ?? 0] === 2;
      let end = at + 1;
      while (end < to && (byteClasses[bytes[end] ?? 0] === 2) === isDigit) end++;
      if (isDigit && this.count < slotsMax) this.#value({ from: at, to: end, kind: digitsByte });
      else this.#letters(bytes, at, end);
      at = end;
    }
  }

  #value({ from, to, kind }: { readonly from: number; readonly to: number; readonly kind: number }): void {
    this.values[this.count * 2] = from;
    this.values[this.count * 2 + 1] = to;
    this.count++;
    this.template[this.length++] = kind;
    this.hash = Math.imul(this.hash ^ kind, 0x01000193);
  }

  #letters(bytes: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? 0;
      this.template[this.length++] = byte;
      this.hash = Math.imul(this.hash ^ byte, 0x01000193);
    }
  }

  #plain(byte: number): void {
    if (byte <= timeByte) this.template[this.length++] = escapeByte;
    this.template[this.length++] = byte;
    this.hash = Math.imul(this.hash ^ byte, 0x01000193);
  }
}
