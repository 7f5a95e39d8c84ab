// Run messages on a byte stream: what the engine and a worker say to each other as frames 0x60–0x7f, with the messages
// of the worker protocol (HELLO, HEARTBEAT, ERROR) beside them. The same code on both ends, whatever the socket.
import {
  decodeMessage,
  encodeError,
  encodeFrame,
  encodeMessage,
  FrameDecoder,
  FrameError,
  frameBytesMax,
  frameVersion,
  runMessageCodes,
  SluiceError,
} from "@sluice/protocol";
import type { EngineToWorker, RunMessageName, WireMessage, WorkerToEngine } from "@sluice/protocol";

export type RunMessage = EngineToWorker | WorkerToEngine;

export interface WireOptions {
  /** Name of the runtime that sends: `bun`, `node`. */
  readonly runtime: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A UUID for each frame. */
  readonly id: () => string;
  /** Most bytes of one frame; larger batches are divided, larger messages travel in pieces. */
  readonly frameBytesMax?: number | undefined;
  /** Most bytes of one message in pieces. */
  readonly messageBytesMax?: number | undefined;
}

/** One message, pieces put together, has at most this many bytes unless an option says otherwise. */
export const messageBytesMax = 256 * 1024 * 1024;
/** Bytes that the six keys of a piece's frame and its own keys may take. */
const pieceHeaderBytes = 512;

/** What arrives cannot be understood, or what is to be sent cannot travel. */
export class WireFault extends Error {
  override readonly name = "WireFault";
  readonly code: "wire_too_large" | "wire_bad_shape" | "wire_out_of_order";

  constructor(code: WireFault["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** Takes a message that cannot be sent. */
export type Refuse = (message: RunMessage, fault: WireFault) => void;

const nameOfCode: ReadonlyMap<number, RunMessageName> = new Map(
  (Object.keys(runMessageCodes) as RunMessageName[]).map((name) => [runMessageCodes[name], name]),
);

/** Makes frames. One for each connection. */
export class WireEncoder {
  readonly #options: WireOptions;
  readonly #frameBytesMax: number;
  readonly #messageBytesMax: number;

  constructor(options: WireOptions) {
    this.#options = options;
    this.#frameBytesMax = options.frameBytesMax ?? frameBytesMax;
    this.#messageBytesMax = options.messageBytesMax ?? messageBytesMax;
  }

  /**
   * Frames of a batch, in order: one for each stretch of messages of one type. A message that is too large to travel at all
   * is left out and given to `refuse`.
   */
  encode(messages: readonly RunMessage[], refuse: Refuse): Uint8Array[] {
    const frames: Uint8Array[] = [];
    let from = 0;
    for (let index = 1; index <= messages.length; index++) {
      if (index < messages.length && messages[index]?.type === messages[from]?.type) continue;
      this.#group(frames, messages.slice(from, index), refuse);
      from = index;
    }
    return frames;
  }

  /** One frame of the worker protocol itself. */
  control(type: number, payload: Readonly<Record<string, unknown>>): Uint8Array {
    return encodeFrame(this.#message(type, payload));
  }

  /** Run messages as messages rather than frames, for a transport that frames them itself. */
  messages(batch: readonly RunMessage[], refuse: Refuse): WireMessage[] {
    const made: WireMessage[] = [];
    for (let from = 0, to = 1; from < batch.length; from = to++) {
      const type = batch[from]?.type ?? "drain";
      while (to < batch.length && batch[to]?.type === type) to++;
      const stretch = batch.slice(from, to);
      // What may have to travel in pieces is written out to know.
      if (roughBytes(stretch) * 2 < this.#frameBytesMax)
        made.push(this.#message(runMessageCodes[type], { items: stretch.map(itemOf) }));
      else {
        const decoder = new FrameDecoder({ frameBytesMax: this.#frameBytesMax });
        for (const frame of this.encode(stretch, refuse)) made.push(...decoder.push(frame));
      }
    }
    return made;
  }

  #group(frames: Uint8Array[], messages: readonly RunMessage[], refuse: Refuse): void {
    const [first] = messages;
    if (first === undefined) return;
    const message = this.#message(runMessageCodes[first.type], { items: messages.map(itemOf) });
    try {
      frames.push(encodeFrame(message, { frameBytesMax: this.#frameBytesMax }));
    } catch (error) {
      if (!(error instanceof FrameError) || error.code !== "frame_too_large") throw error;
      const half = messages.length >> 1;
      if (half > 0) {
        this.#group(frames, messages.slice(0, half), refuse);
        this.#group(frames, messages.slice(half), refuse);
        return;
      }
      const whole = this.#whole(message);
      if (whole instanceof WireFault) refuse(first, whole);
      else this.#pieces(frames, whole);
    }
  }

  #pieces(frames: Uint8Array[], bytes: Uint8Array): void {
    const size = this.#frameBytesMax - pieceHeaderBytes;
    const id = this.#options.id();
    for (let index = 0, at = 0; at < bytes.length; index++, at += size) {
      const last = at + size >= bytes.length;
      const payload = { id, index, last, bytes: bytes.subarray(at, at + size) };
      frames.push(encodeFrame(this.#message(runMessageCodes.piece, payload), { frameBytesMax: this.#frameBytesMax }));
    }
  }

  #whole(message: WireMessage): Uint8Array | WireFault {
    try {
      return encodeMessage(message, { frameBytesMax: this.#messageBytesMax });
    } catch (error) {
      if (!(error instanceof FrameError) || error.code !== "frame_too_large") throw error;
      return new WireFault(
        "wire_too_large",
        `a message of type ${message.type} has more than ${this.#messageBytesMax} bytes (messageBytesMax)`,
      );
    }
  }

  #message(type: number, payload: Readonly<Record<string, unknown>>): WireMessage {
    const { runtime, now, id } = this.#options;
    return { version: frameVersion, type, id: id(), timestamp: now(), runtime, payload };
  }
}

/** Bytes of the values and texts in something, counted with what each key and number takes at most. */
function roughBytes(value: unknown): number {
  if (value instanceof Uint8Array) return value.length + 8;
  if (typeof value === "string") return value.length * 3 + 8;
  if (typeof value !== "object" || value === null) return 16;
  let bytes = 8;
  for (const each of Object.values(value)) bytes += roughBytes(each) + 16;
  return bytes;
}

function itemOf(message: RunMessage): Readonly<Record<string, unknown>> {
  if (message.type === "assign") return message.assignment as unknown as Readonly<Record<string, unknown>>;
  const { type: _type, ...item } = message;
  return item;
}

/** What one piece of the stream completed. */
export interface WireBatch {
  readonly runs: RunMessage[];
  /** HELLO and its like, and run messages that are not known here. */
  readonly controls: WireMessage[];
}

/** Reads frames. One for each connection. What it throws (`FrameError`, `WireFault`) ends the connection. */
export class WireDecoder {
  readonly #frames: FrameDecoder;
  readonly #messageBytesMax: number;
  #pieces: { readonly id: string; readonly parts: Uint8Array[]; bytes: number } | undefined;

  constructor(options: Pick<WireOptions, "frameBytesMax" | "messageBytesMax"> = {}) {
    this.#frames = new FrameDecoder({ frameBytesMax: options.frameBytesMax ?? frameBytesMax });
    this.#messageBytesMax = options.messageBytesMax ?? messageBytesMax;
  }

  /** The messages that `chunk` completes. */
  push(chunk: Uint8Array): WireBatch {
    const batch: WireBatch = { runs: [], controls: [] };
    for (const message of this.#frames.push(chunk)) this.#take(message, batch);
    return batch;
  }

  /** The same for a message that was read already. */
  take(message: WireMessage): WireBatch {
    const batch: WireBatch = { runs: [], controls: [] };
    this.#take(message, batch);
    return batch;
  }

  #take(message: WireMessage, batch: WireBatch): void {
    const name = nameOfCode.get(message.type);
    if (name === undefined) {
      batch.controls.push(message);
      return;
    }
    if (name === "piece") {
      const whole = this.#piece(message.payload);
      if (whole !== undefined) this.#take(decodeMessage(whole, { frameBytesMax: this.#messageBytesMax }), batch);
      return;
    }
    const { items } = message.payload;
    if (!Array.isArray(items)) throw new WireFault("wire_bad_shape", `${name}: payload.items is a list`);
    for (const item of items as unknown[]) batch.runs.push(messageOf(name, item));
  }

  #piece(payload: Readonly<Record<string, unknown>>): Uint8Array | undefined {
    const { id, index, last, bytes } = payload;
    if (typeof id !== "string" || typeof last !== "boolean" || !(bytes instanceof Uint8Array)) {
      throw new WireFault("wire_bad_shape", "piece: it has id, index, last and bytes");
    }
    const pieces = this.#pieces ?? { id, parts: [], bytes: 0 };
    if (pieces.id !== id || pieces.parts.length !== index) {
      throw new WireFault("wire_out_of_order", "piece: the pieces of one message follow each other");
    }
    pieces.parts.push(bytes);
    pieces.bytes += bytes.length;
    if (pieces.bytes > this.#messageBytesMax) {
      throw new WireFault("wire_too_large", `a message has more than ${this.#messageBytesMax} bytes (messageBytesMax)`);
    }
    this.#pieces = last ? undefined : pieces;
    return last ? joined(pieces.parts, pieces.bytes) : undefined;
  }
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Keys whose absence nobody could go on without. */
const taskKeys = [
  ["task", "string"],
  ["epoch", "number"],
] as const;
const requiredKeys: Readonly<Record<Exclude<RunMessageName, "piece">, readonly (readonly [string, string])[]>> = {
  deploy: [
    ["worker", "string"],
    ["version", "string"],
    ["workflows", "list"],
  ],
  assign: [
    ["run", "string"],
    ["epoch", "number"],
    ["workflow", "string"],
    ["input", "bytes"],
    ["journal", "list"],
  ],
  journal: [
    ["run", "string"],
    ["epoch", "number"],
    ["entries", "list"],
  ],
  ops: [
    ["run", "string"],
    ["epoch", "number"],
    ["ops", "list"],
  ],
  events: [
    ["run", "string"],
    ["epoch", "number"],
    ["events", "list"],
  ],
  validate: [
    ["request", "string"],
    ["workflow", "string"],
    ["input", "bytes"],
  ],
  validated: [["request", "string"]],
  invoke: [
    ["request", "string"],
    ["workflow", "string"],
    ["trigger", "number"],
    ["value", "bytes"],
    ["ms", "number"],
  ],
  invoked: [["request", "string"]],
  drain: [["ms", "number"]],
  reveal: [
    ["request", "string"],
    ["name", "string"],
  ],
  revealed: [["request", "string"]],
  refresh: [["secrets", "list"]],
  admit: [["request", "string"]],
  admitted: [["request", "string"]],
  services: [["services", "list"]],
  past: [
    ["request", "string"],
    ["runs", "list"],
  ],
  passed: [["request", "string"]],
  task: [
    ["task", "string"],
    ["epoch", "number"],
    ["name", "string"],
    ["input", "bytes"],
    ["attempt", "number"],
  ],
  revoke: taskKeys,
  result: taskKeys,
  note: taskKeys,
  handback: [["runs", "list"]],
  checked: [
    ["run", "string"],
    ["epoch", "number"],
  ],
};

function messageOf(name: Exclude<RunMessageName, "piece">, item: unknown): RunMessage {
  if (typeof item !== "object" || item === null) throw new WireFault("wire_bad_shape", `${name}: an item is a map`);
  const map = item as Record<string, unknown>;
  for (const [key, kind] of requiredKeys[name]) {
    const value = map[key];
    const is = Array.isArray(value) ? "list" : value instanceof Uint8Array ? "bytes" : typeof value;
    if (is !== kind) throw new WireFault("wire_bad_shape", `${name}: ${key} is ${is}, not ${kind}`);
  }
  if (name === "assign") return { type: "assign", assignment: map as never };
  map["type"] = name;
  return map as unknown as RunMessage;
}

/** The answer to a message about a run that cannot travel: the run waits, with the reason. Undefined for other messages. */
export function blockedInstead(message: RunMessage, fault: WireFault): WorkerToEngine | undefined {
  const about = message.type === "assign" ? message.assignment : message;
  if (!("run" in about)) return undefined;
  const error = new SluiceError({
    code: "payload_too_large",
    message: `What the run and its worker have to say to each other does not fit: ${fault.message}.`,
    hint: "Keep large data elsewhere and pass references to it.",
  });
  const { run, epoch } = about;
  return { type: "ops", run, epoch, ops: [{ op: "blocked", reason: "error", error: encodeError(error) }] };
}

/** Where bytes go: takes as many as it can and says how many (none when full or closed). */
export interface ByteSink {
  write(bytes: Uint8Array): number;
}

/** Bytes on their way into a socket that takes only so many at a time. */
export class WireWriter {
  readonly #sink: ByteSink;
  readonly #waiting: Uint8Array[] = [];
  #bytes = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Bytes that wait for the socket. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  write(chunks: readonly Uint8Array[]): void {
    const chunk = chunks.length === 1 ? chunks[0] : joined(chunks, totalBytes(chunks));
    if (chunk === undefined || chunk.length === 0) return;
    const taken = this.#waiting.length > 0 ? 0 : Math.max(0, this.#sink.write(chunk));
    if (taken === chunk.length) return;
    this.#waiting.push(taken === 0 ? chunk : chunk.subarray(taken));
    this.#bytes += chunk.length - taken;
  }

  /** The socket takes bytes again. */
  drained(): void {
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined) return;
      const taken = Math.max(0, this.#sink.write(next));
      this.#bytes -= taken;
      if (taken < next.length) {
        this.#waiting[0] = next.subarray(taken);
        return;
      }
      this.#waiting.shift();
    }
  }
}

function totalBytes(chunks: readonly Uint8Array[]): number {
  let total = 0;
  for (const chunk of chunks) total += chunk.length;
  return total;
}
