// Messages of syslog out of a stream: each with its length in front, or one a line; a sender may do either, message by message.
// Formats: RFC 6587, RFC 5425.

const newline = 0x0a;
const space = 0x20;
const digitsMax = 8;

/** What ends a connection: a message that is longer than any may be. */
export class MessageTooLong extends Error {}

export class SyslogFrames {
  readonly #bytesMax: number;
  #rest: Uint8Array = new Uint8Array(0);

  /** `bytesMax`: of one message. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The messages that end in this piece. Throws `MessageTooLong`. */
  push(piece: Uint8Array): string[] {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const messages: string[] = [];
    let at = 0;
    for (;;) {
      const found = this.#messageAt(bytes, at);
      if (found === undefined) break;
      const text = textOf(bytes.subarray(found.from, found.to));
      if (text !== "") messages.push(text);
      at = found.next;
    }
    this.#rest = new Uint8Array(bytes.subarray(at));
    if (this.#rest.length > this.#bytesMax + digitsMax) throw this.#tooLong();
    return messages;
  }

  /** What is left when the sender has gone: the last line, if it had no end. */
  end(): string {
    const rest = textOf(this.#rest);
    this.#rest = new Uint8Array(0);
    // A message with its length in front that has not come whole is none.
    return /^\d/.test(rest) ? "" : rest;
  }

  #messageAt(
    bytes: Uint8Array,
    at: number,
  ): { readonly from: number; readonly to: number; readonly next: number } | undefined {
    const counted = countAt(bytes, at);
    if (counted === "unknown") return undefined;
    if (counted !== undefined) {
      if (counted.length > this.#bytesMax) throw this.#tooLong();
      const to = counted.from + counted.length;
      return to > bytes.length ? undefined : { from: counted.from, to, next: to };
    }
    const end = bytes.indexOf(newline, at);
    if (end === -1) return undefined;
    if (end - at > this.#bytesMax) throw this.#tooLong();
    return { from: at, to: end, next: end + 1 };
  }

  #tooLong(): MessageTooLong {
    return new MessageTooLong(`a message is longer than ${this.#bytesMax} bytes (logEntryLineBytesMax)`);
  }
}

/** The length in front of a message; `unknown` where it may go on, undefined where none stands there. */
function countAt(
  bytes: Uint8Array,
  at: number,
): { readonly length: number; readonly from: number } | "unknown" | undefined {
  let length = 0;
  for (let i = at; i <= at + digitsMax; i++) {
    const byte = bytes[i];
    if (byte === undefined) return i === at ? undefined : "unknown";
    if (byte === space && i > at) return { length, from: i + 1 };
    const digit = byte - 0x30;
    if (digit < 0 || digit > 9 || (i === at && digit === 0)) return undefined;
    length = length * 10 + digit;
  }
  return undefined;
}

/** Without what senders put behind a message. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString()
    .replace(/[\r\n\0]+$/, "");
}
