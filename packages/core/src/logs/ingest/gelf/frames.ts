// Messages of GELF out of a stream: each ends with a NUL. Format: Graylog, "GELF via TCP".

const nul = 0;

export class NulFrames {
  readonly #bytesMax: number;
  #rest: Uint8Array = new Uint8Array(0);

  /** `bytesMax`: of one message. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The messages that end in this piece. Throws a `RangeError` for one that is too long. */
  push(piece: Uint8Array): string[] {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const messages: string[] = [];
    let at = 0;
    for (let end = bytes.indexOf(nul); end !== -1; end = bytes.indexOf(nul, at)) {
      const text = Buffer.from(bytes.subarray(at, end)).toString().trim();
      if (text !== "") messages.push(text);
      at = end + 1;
    }
    this.#rest = new Uint8Array(bytes.subarray(at));
    if (this.#rest.length > this.#bytesMax) {
      throw new RangeError(`a message is longer than ${this.#bytesMax} bytes (logEntryLineBytesMax)`);
    }
    return messages;
  }

  /** What is left when the sender has gone: some end the last message with the connection. */
  end(): string {
    const rest = Buffer.from(this.#rest).toString().trim();
    this.#rest = new Uint8Array(0);
    return rest;
  }
}
