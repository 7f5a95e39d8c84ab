// What server and viewer of a terminal say to each other: one binary message each, a byte of type and what belongs to it.
// Numbers are big-endian. Offsets count the bytes of output from the beginning of the session; after `snapshot` or `resumed` a
// viewer adds the length of each `output` to the offset it was given, so that a keystroke's echo costs one byte more than itself.
import type { TerminalRole, TerminalStatus } from "./statuses.ts";

/** First byte of a message. From 0x10 on the viewer speaks. */
export const terminalFrameTypes = {
  output: 0x01,
  snapshot: 0x02,
  resized: 0x03,
  resumed: 0x04,
  state: 0x05,
  input: 0x10,
  resize: 0x11,
  ack: 0x12,
  drive: 0x13,
} as const;

/** Behind so many bytes of output and so many changes of size. */
export interface TerminalPlace {
  readonly offset: number;
  readonly mark: number;
}

/** What a viewer is told whenever it changes. */
export interface TerminalState {
  readonly title: string;
  readonly status: TerminalStatus;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Viewers there are. */
  readonly viewers: number;
  /** What this viewer may do. */
  readonly role: TerminalRole;
  /** This viewer decides about the size. */
  readonly drives: boolean;
  /** Somebody does. */
  readonly driven: boolean;
}

type Bytes = Uint8Array<ArrayBuffer>;
interface Sized extends TerminalPlace {
  readonly cols: number;
  readonly rows: number;
}

export type TerminalFrame =
  | { readonly type: "output"; readonly bytes: Bytes }
  /** The whole screen: the viewer resets its terminal, gives it this size, and writes the bytes. */
  | ({ readonly type: "snapshot"; readonly bytes: Bytes } & Sized)
  /** The size changes here, between the output before and the output behind. */
  | { readonly type: "resized"; readonly mark: number; readonly cols: number; readonly rows: number }
  /** What the viewer has is continued; the size is that at this place. */
  | ({ readonly type: "resumed" } & Sized)
  | { readonly type: "state"; readonly state: TerminalState }
  | { readonly type: "input"; readonly bytes: Bytes }
  /** Of the viewer that drives; of others nobody takes notice. */
  | { readonly type: "resize"; readonly cols: number; readonly rows: number }
  /** Output before this offset is on the viewer's screen. */
  | { readonly type: "ack"; readonly offset: number }
  /** The viewer wants to decide about the size from now on, or no longer. */
  | { readonly type: "drive"; readonly on: boolean };

/** A message that is none of these. */
export class TerminalFrameError extends Error {}

const typesByCode = new Map(Object.entries(terminalFrameTypes).map(([name, code]) => [code as number, name]));
const placeBytes = 12;
const sizeBytes = 4;
const headBytes = 1 + placeBytes + sizeBytes;

/** One message: the byte of its type and what belongs to it, as the file's head says. */
export function encodeTerminalFrame(frame: TerminalFrame): Bytes {
  const code = terminalFrameTypes[frame.type];
  switch (frame.type) {
    case "output":
    case "input":
      return framed(code, frame.bytes);
    case "snapshot":
      return sized(code, frame, frame.bytes);
    case "resumed":
      return sized(code, frame, new Uint8Array(0));
    case "state":
      return framed(code, new TextEncoder().encode(JSON.stringify(frame.state)));
    case "resized": {
      const view = new DataView(new ArrayBuffer(9));
      view.setUint32(1, frame.mark);
      view.setUint16(5, frame.cols);
      view.setUint16(7, frame.rows);
      return typed(code, view);
    }
    case "resize": {
      const view = new DataView(new ArrayBuffer(1 + sizeBytes));
      view.setUint16(1, frame.cols);
      view.setUint16(3, frame.rows);
      return typed(code, view);
    }
    case "ack": {
      const view = new DataView(new ArrayBuffer(9));
      view.setBigUint64(1, BigInt(frame.offset));
      return typed(code, view);
    }
    case "drive":
    default:
      return new Uint8Array([code, frame.on ? 1 : 0]);
  }
}

/** Throws `TerminalFrameError`. The bytes in it are part of `message`. */
export function decodeTerminalFrame(message: Bytes): TerminalFrame {
  const type = typesByCode.get(message[0] ?? 0);
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  switch (type) {
    case "output":
    case "input":
      return { type, bytes: message.subarray(1) };
    case "snapshot":
      return { type, ...sizedIn(view, headBytes, Infinity), bytes: message.subarray(headBytes) };
    case "resumed":
      return { type, ...sizedIn(view, headBytes, headBytes) };
    case "state":
      return { type, state: stateIn(message.subarray(1)) };
    case "resized":
      expectLength(view, 9);
      return { type, mark: view.getUint32(1), cols: view.getUint16(5), rows: view.getUint16(7) };
    case "resize":
      expectLength(view, 1 + sizeBytes);
      return { type, cols: view.getUint16(1), rows: view.getUint16(3) };
    case "ack":
      expectLength(view, 9);
      return { type, offset: offsetIn(view, 1) };
    case "drive": {
      expectLength(view, 2);
      const on = view.getUint8(1);
      if (on > 1) throw new TerminalFrameError("A flag is 0 or 1.");
      return { type, on: on === 1 };
    }
    case undefined:
    default:
      throw new TerminalFrameError(`There is no message of type ${String(message[0])}.`);
  }
}

function framed(code: number, bytes: Bytes): Bytes {
  const frame = new Uint8Array(1 + bytes.length);
  frame[0] = code;
  frame.set(bytes, 1);
  return frame;
}

function typed(code: number, view: DataView<ArrayBuffer>): Bytes {
  view.setUint8(0, code);
  return new Uint8Array(view.buffer);
}

function sized(code: number, { offset, mark, cols, rows }: Sized, bytes: Bytes): Bytes {
  const frame = new Uint8Array(headBytes + bytes.length);
  const view = new DataView(frame.buffer);
  view.setUint8(0, code);
  view.setBigUint64(1, BigInt(offset));
  view.setUint32(9, mark);
  view.setUint16(13, cols);
  view.setUint16(15, rows);
  frame.set(bytes, headBytes);
  return frame;
}

function sizedIn(view: DataView, min: number, max: number): Sized {
  if (view.byteLength < min || view.byteLength > max) throw new TerminalFrameError("The message has another length.");
  return { offset: offsetIn(view, 1), mark: view.getUint32(9), cols: view.getUint16(13), rows: view.getUint16(15) };
}

function offsetIn(view: DataView, at: number): number {
  const offset = Number(view.getBigUint64(at));
  if (!Number.isSafeInteger(offset)) throw new TerminalFrameError("An offset is below 2^53.");
  return offset;
}

function expectLength(view: DataView, length: number): void {
  if (view.byteLength !== length)
    throw new TerminalFrameError(`The message has ${view.byteLength} bytes, not ${length}.`);
}

function stateIn(bytes: Bytes): TerminalState {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as TerminalState;
  } catch {
    throw new TerminalFrameError("The state is no JSON.");
  }
}
