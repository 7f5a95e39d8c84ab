// Archives in the POSIX ustar format (IEEE Std 1003.1, pax: "ustar Interchange Format"), as far as a backup needs it:
// regular files, written and read as a stream.
import { createHash } from "node:crypto";
import { SluiceError } from "@sluice/protocol";

const blockBytes = 512;
const nameBytesMax = 100;
const encoder = new TextEncoder();

/** A file on its way into an archive. `bytes` must be the number of bytes that `content` yields. */
export interface TarFile {
  readonly name: string;
  readonly bytes: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/** The archive, piece by piece. */
export async function* writeTar(files: AsyncIterable<TarFile>): AsyncGenerator<Uint8Array> {
  for await (const { name, bytes, content } of files) {
    yield headerOf(name, bytes);
    let written = 0;
    for await (const chunk of content) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== bytes) throw new Error(`${name} has ${written} bytes instead of ${bytes}`);
    const rest = bytes % blockBytes;
    if (rest > 0) yield new Uint8Array(blockBytes - rest);
  }
  yield new Uint8Array(blockBytes * 2);
}

function headerOf(name: string, bytes: number): Uint8Array {
  const header = new Uint8Array(blockBytes);
  const put = (at: number, text: string): void => void encoder.encodeInto(text, header.subarray(at));
  if (encoder.encode(name).length > nameBytesMax) throw new Error(`${name} is too long a name`);
  put(0, name);
  put(100, "0000600\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  putSize(header, bytes);
  put(136, "00000000000\0");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar\0");
  put(263, "00");
  let sum = 0;
  for (const byte of header) sum += byte;
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return header;
}

/** Eleven octal digits; larger files in binary with the first bit set, as GNU tar writes and reads them. */
function putSize(header: Uint8Array, bytes: number): void {
  if (bytes < 8 ** 11) encoder.encodeInto(`${bytes.toString(8).padStart(11, "0")}\0`, header.subarray(124));
  else {
    new DataView(header.buffer).setBigUint64(128, BigInt(bytes));
    header[124] = 0x80;
  }
}

/** A file of an archive that is being read; `content` must be read to its end before the next file. */
export interface TarEntry {
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 (hex) of everything in the archive before this file. */
  readonly sumBefore: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** The files of an archive, in order. Throws `invalid_config` for what is no archive, ends too early or goes on after its end. */
export async function* readTar(stream: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const source = new ByteSource(stream);
  try {
    for (;;) {
      const sumBefore = source.sum();
      const header = await source.exactly(blockBytes);
      if (isZero(header)) break;
      const { name, bytes } = parseHeader(header);
      yield { name, bytes, sumBefore, content: source.some(bytes) };
      await source.zeroes((blockBytes - (bytes % blockBytes)) % blockBytes);
    }
    // A second block of zeroes ends an archive; some programs add more of them.
    await source.zeroes(blockBytes);
    await source.zeroesToEnd();
  } finally {
    await source.close();
  }
}

function parseHeader(header: Uint8Array): { readonly name: string; readonly bytes: number } {
  let sum = 0;
  for (const [index, byte] of header.entries()) sum += index >= 148 && index < 156 ? 0x20 : byte;
  const magic = textAt(header, 257, 5);
  if (magic !== "ustar" || Number.parseInt(textAt(header, 148, 8), 8) !== sum) throw notAnArchive("it is no archive");
  const large = (header[124] ?? 0) >= 0x80;
  const bytes = large
    ? Number(new DataView(header.buffer, header.byteOffset).getBigUint64(128))
    : Number.parseInt(textAt(header, 124, 12), 8);
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw notAnArchive("a file in it has no length");
  return { name: textAt(header, 0, nameBytesMax), bytes };
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function textAt(header: Uint8Array, at: number, length: number): string {
  const end = header.indexOf(0, at);
  return new TextDecoder().decode(header.subarray(at, end < 0 ? at + length : Math.min(end, at + length)));
}

function notAnArchive(why: string): SluiceError {
  return new SluiceError({
    code: "invalid_config",
    message: `The backup cannot be read: ${why}.`,
    hint: "Name a file that `sluice backup` wrote, whole.",
  });
}

class ByteSource {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #hash = createHash("sha256");
  #chunk = new Uint8Array(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#iterator = stream[Symbol.asyncIterator]();
  }

  /** SHA-256 (hex) of what was taken so far. */
  sum(): string {
    return this.#hash.copy().digest("hex");
  }

  async exactly(bytes: number): Promise<Uint8Array> {
    const whole = new Uint8Array(bytes);
    let at = 0;
    for await (const chunk of this.some(bytes)) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }

  async zeroes(bytes: number): Promise<void> {
    if (!isZero(await this.exactly(bytes))) throw notAnArchive("there is something between its files");
  }

  /** Nothing but zeroes is left. */
  async zeroesToEnd(): Promise<void> {
    for (let rest: Uint8Array | undefined = this.#chunk; rest !== undefined; rest = await this.#next()) {
      if (!isZero(rest)) throw notAnArchive("it goes on after its end");
    }
  }

  /** Nothing more is taken from the stream. */
  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  async #next(): Promise<Uint8Array | undefined> {
    const next = await this.#iterator.next();
    return next.done === true ? undefined : next.value;
  }

  async *some(bytes: number): AsyncGenerator<Uint8Array> {
    for (let left = bytes; left > 0;) {
      if (this.#chunk.length === 0) {
        const next = await this.#next();
        if (next === undefined) throw notAnArchive("it ends too early");
        this.#chunk = new Uint8Array(next);
        continue;
      }
      const taken = this.#chunk.subarray(0, left);
      this.#chunk = this.#chunk.subarray(taken.length);
      left -= taken.length;
      this.#hash.update(taken);
      yield taken;
    }
  }
}
