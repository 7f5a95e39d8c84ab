// Frames: how messages between a master and its workers are cut out of a byte stream. The page that defines them is
// the worker protocol, version 1: a u32 big-endian length, then one MessagePack map of six keys.
import { MsgpackError, MsgpackReader } from "./msgpack-reader.ts";
import { MsgpackWriter } from "./msgpack-writer.ts";
import { pathText } from "./value-format.ts";
import type { PathStep } from "./value-format.ts";

/** Version of the worker protocol that is spoken here. */
export const frameVersion = 1;
/** Most bytes that may follow a length prefix, unless an option says otherwise. */
export const frameBytesMax = 16 * 1024 * 1024;
/** Levels of nesting a frame may have, the map of the six keys included. */
export const frameDepthMax = 200;
/** Bytes of the length prefix. */
const prefixBytes = 4;
/** A frame that arrives in pieces starts with this much memory, whatever length it announces. */
const pieceBytesInitial = 65_536;

/**
 * One message. The payload holds null, booleans, numbers, strings, bytes (`Uint8Array`), arrays and string-keyed objects;
 * integers beyond 2^53 are BigInt. On sending, a key whose value is undefined is left out.
 */
export interface WireMessage {
  readonly version: typeof frameVersion;
  /** A code of worker-message-codes.ts, or 0x60–0x7f. */
  readonly type: number;
  /** UUID of this message. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** Runtime of the sender: `bun`, `node`, `deno`, `python`. */
  readonly runtime: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface FrameOptions {
  /** Most bytes of one message, without its prefix. */
  readonly frameBytesMax?: number;
}

/** Why a frame was refused. Whatever arrives after it cannot be trusted: the connection is closed. */
export type FrameErrorCode =
  | "frame_empty"
  | "frame_too_large"
  | "frame_bad_msgpack"
  | "frame_bad_version"
  | "frame_bad_shape";

/** A frame that cannot be read, or a message that cannot be one. */
export class FrameError extends Error {
  override readonly name = "FrameError";
  readonly code: FrameErrorCode;
  /** Messages that stood complete before the bad frame in the same `FrameDecoder.push`, and are good. */
  readonly received: readonly WireMessage[];

  constructor(code: FrameErrorCode, message: string, received: readonly WireMessage[] = []) {
    super(message);
    this.code = code;
    this.received = received;
  }
}

/** The encoder that waits for the next call: only scratch memory. A call from inside another takes a new one. */
let waiting: FrameEncoder | undefined;

/** A message with its length prefix, as one piece for one write. Throws `FrameError`. */
export function encodeFrame(message: WireMessage, options: FrameOptions = {}): Uint8Array<ArrayBuffer> {
  return encode(message, { start: 0, max: options.frameBytesMax ?? frameBytesMax });
}

/** A message without the prefix, for transports that keep messages apart (WebSocket). Throws `FrameError`. */
export function encodeMessage(message: WireMessage, options: FrameOptions = {}): Uint8Array<ArrayBuffer> {
  return encode(message, { start: prefixBytes, max: options.frameBytesMax ?? frameBytesMax });
}

function encode(message: WireMessage, of: { start: number; max: number }): Uint8Array<ArrayBuffer> {
  const encoder = waiting ?? new FrameEncoder();
  waiting = undefined;
  try {
    return encoder.encode(message, of);
  } finally {
    waiting = encoder;
  }
}

/** Reads one message without its prefix. Byte values are copies. Throws `FrameError`. */
export function decodeMessage(bytes: Uint8Array, options: FrameOptions = {}): WireMessage {
  checkSize(bytes.length, options.frameBytesMax ?? frameBytesMax);
  try {
    return asMessage(new MsgpackReader(bytes, frameDepthMax).readDocument());
  } catch (error) {
    if (error instanceof MsgpackError) {
      throw new FrameError("frame_bad_msgpack", `not a MessagePack message: ${error.message} (byte ${error.offset})`);
    }
    throw error;
  }
}

function checkSize(size: number, max: number): void {
  if (size === 0) throw new FrameError("frame_empty", "a frame of no bytes");
  if (size > max) {
    throw new FrameError("frame_too_large", `a frame of ${size} bytes; at most ${max} (frameBytesMax) are taken`);
  }
}

/** Keys beside the six are not looked at. */
function asMessage(value: unknown): WireMessage {
  if (!isMap(value)) throw new FrameError("frame_bad_shape", "a message is a map");
  const { version, type, id, timestamp, runtime, payload } = value;
  if (version === undefined) throw new FrameError("frame_bad_shape", "a message has a version");
  if (version !== frameVersion) {
    const named = typeof version === "number" || typeof version === "string" ? version : typeof version;
    throw new FrameError(
      "frame_bad_version",
      `protocol version ${named} is not spoken here; version ${frameVersion} is`,
    );
  }
  if (!isCount(type)) throw new FrameError("frame_bad_shape", "`type` is a whole number");
  if (typeof id !== "string") throw new FrameError("frame_bad_shape", "`id` is a string");
  if (!isCount(timestamp)) throw new FrameError("frame_bad_shape", "`timestamp` is a whole number of milliseconds");
  if (typeof runtime !== "string") throw new FrameError("frame_bad_shape", "`runtime` is a string");
  if (!isMap(payload)) throw new FrameError("frame_bad_shape", "`payload` is a map");
  return { version, type, id, timestamp, runtime, payload };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Writes messages in the plain part of MessagePack: no extensions, since other runtimes read them with bare libraries. */
class FrameEncoder extends MsgpackWriter {
  private readonly path: PathStep[] = [];

  encode(message: WireMessage, of: { start: number; max: number }): Uint8Array<ArrayBuffer> {
    this.position = prefixBytes;
    try {
      const { version, type, id, timestamp, runtime, payload } = asMessage(message);
      this.writeMapHeader(6);
      this.member("version", version);
      this.member("type", type);
      this.member("id", id);
      this.member("timestamp", timestamp);
      this.member("runtime", runtime);
      this.member("payload", payload);
      const size = this.position - prefixBytes;
      checkSize(size, of.max);
      const end = this.position;
      this.position = 0;
      this.writeUint32(size);
      this.position = end;
      return this.copyFrom(of.start);
    } finally {
      this.release();
    }
  }

  private member(key: string, value: unknown): void {
    this.text(key);
    this.path[0] = key;
    this.write(value, 1);
  }

  /** A lone surrogate, which UTF-8 cannot carry, becomes U+FFFD. */
  private text(text: string): void {
    if (!this.writeText(text)) this.writeText(text.toWellFormed());
  }

  private write(value: unknown, depth: number): void {
    switch (typeof value) {
      case "string":
        this.text(value);
        return;
      case "number":
        this.writeNumber(value);
        return;
      case "boolean":
        this.writeBoolean(value);
        return;
      case "bigint":
        if (!this.writeBigInt64(value)) throw this.refused("is an integer of more than 64 bits", depth);
        return;
      case "object":
        if (value === null) this.writeNil();
        else this.writeObject(value, depth);
        return;
      default:
        throw this.refused(`is ${typeof value}`, depth);
    }
  }

  private writeObject(value: object, depth: number): void {
    if (value instanceof Uint8Array) {
      this.writeBinary(value);
      return;
    }
    if (depth >= frameDepthMax) throw this.refused(`nests deeper than ${frameDepthMax} levels`, depth);
    if (Array.isArray(value)) {
      this.writeArrayHeader(value.length);
      for (let index = 0; index < value.length; index += 1) {
        this.path[depth] = index;
        this.write(value[index], depth + 1);
      }
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) throw this.refused("is not a plain object", depth);
    this.writeMembers(value as Readonly<Record<string, unknown>>, depth);
  }

  private writeMembers(map: Readonly<Record<string, unknown>>, depth: number): void {
    const keys = Object.keys(map);
    let absent = 0;
    for (const key of keys) if (map[key] === undefined) absent += 1;
    this.writeMapHeader(keys.length - absent);
    for (const key of keys) {
      const value = map[key];
      if (value === undefined) continue;
      this.text(key);
      this.path[depth] = key;
      this.write(value, depth + 1);
    }
  }

  private refused(problem: string, depth: number): FrameError {
    const path = pathText(this.path.slice(0, depth));
    return new FrameError("frame_bad_shape", `${path} ${problem}, which a frame cannot carry`);
  }
}

/** Cuts a byte stream into messages, however it is split. One for each connection. */
export class FrameDecoder {
  private max: number;
  private readonly prefix = new Uint8Array(prefixBytes);
  private prefixFilled = 0;
  /** Bytes of the frame being collected; undefined while its prefix is not complete. */
  private size: number | undefined = undefined;
  private body = new Uint8Array(0);
  private bodyFilled = 0;
  private failed: FrameError | undefined = undefined;

  constructor(options: FrameOptions = {}) {
    this.max = options.frameBytesMax ?? frameBytesMax;
  }

  /** Takes frames up to another size from the next one on. */
  limitTo(bytesMax: number): void {
    this.max = bytesMax;
  }

  /** Bytes of an unfinished frame that are held. */
  get pendingBytes(): number {
    return this.prefixFilled + this.bodyFilled;
  }

  /**
   * The messages that `chunk` completes, in order. The chunk is not kept. Throws `FrameError` at the first bad frame, with
   * the messages before it in `received`; from then on every call throws the same code, with none.
   */
  push(chunk: Uint8Array): WireMessage[] {
    if (this.failed !== undefined) throw new FrameError(this.failed.code, this.failed.message);
    const messages: WireMessage[] = [];
    let position = 0;
    try {
      while (position < chunk.length) {
        if (this.size === undefined) {
          position = this.takePrefix(chunk, position);
          continue;
        }
        const end = Math.min(chunk.length, position + this.size - this.bodyFilled);
        const body = this.takeBody(chunk.subarray(position, end), this.size);
        if (body !== undefined) messages.push(decodeMessage(body, { frameBytesMax: this.max }));
        position = end;
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.failed = error;
      this.body = new Uint8Array(0);
      throw new FrameError(error.code, error.message, messages);
    }
    return messages;
  }

  private takePrefix(chunk: Uint8Array, start: number): number {
    let position = start;
    while (this.prefixFilled < prefixBytes && position < chunk.length) {
      this.prefix[this.prefixFilled++] = chunk[position++] as number;
    }
    if (this.prefixFilled < prefixBytes) return position;
    let size = 0;
    for (const byte of this.prefix) size = size * 0x100 + byte;
    checkSize(size, this.max);
    this.size = size;
    return position;
  }

  /** The whole body once `piece` completes it. A body that comes in one piece is read where it lies. */
  private takeBody(piece: Uint8Array, size: number): Uint8Array | undefined {
    if (piece.length === size) {
      this.startOver();
      return piece;
    }
    const filled = this.bodyFilled + piece.length;
    if (filled > this.body.length) {
      // Doubling copies each byte twice at most, and a peer that only announces a large frame gets no memory for it.
      const larger = new Uint8Array(Math.min(size, Math.max(pieceBytesInitial, filled, this.body.length * 2)));
      larger.set(this.body.subarray(0, this.bodyFilled));
      this.body = larger;
    }
    this.body.set(piece, this.bodyFilled);
    this.bodyFilled = filled;
    if (filled < size) return undefined;
    const body = this.body;
    this.startOver();
    return body;
  }

  private startOver(): void {
    this.size = undefined;
    this.prefixFilled = 0;
    this.body = new Uint8Array(0);
    this.bodyFilled = 0;
  }
}
