// What a server and the holder of its terminals say to each other, over a Unix socket: frames of a length (u32, little endian, of
// what follows), a kind (u8), the id of the session (u8 length, ASCII; empty where it is about none) and a body.

/** Of this protocol. A holder outlives servers, so both sides say theirs first. */
export const holderVersion = 1;

export const frameKinds = {
  // Of the server.
  hello: 1,
  spawn: 2,
  input: 3,
  answer: 4,
  resize: 5,
  pause: 6,
  resume: 7,
  signal: 8,
  close: 9,
  forget: 10,
  keep: 11,
  describe: 12,
  take: 13,
  follow: 14,
  // Of the holder.
  welcome: 32,
  spawned: 33,
  refused: 34,
  taken: 35,
  output: 36,
  resized: 37,
  exited: 38,
  closed: 39,
  drained: 40,
  /** Another server has taken everything over. */
  replaced: 41,
} as const;
export type FrameKind = keyof typeof frameKinds;

export interface Frame {
  readonly kind: FrameKind;
  /** Of the session; empty: none. */
  readonly id: string;
  readonly body: Uint8Array;
}

/** Longest frame: a kept screen with what it is about. Whoever sends more speaks something else. */
const frameBytesMax = 16 * 1024 * 1024;
const lengthBytes = 4;
const headBytes = lengthBytes + 2;

const kindNames = new Map<number, FrameKind>(
  Object.entries(frameKinds).map(([name, number]) => [number, name as FrameKind]),
);
const nothing = new Uint8Array(0);

export function encodeFrame({ kind, id, body }: Frame): Uint8Array {
  const name = new TextEncoder().encode(id);
  const frame = new Uint8Array(headBytes + name.length + body.length);
  new DataView(frame.buffer).setUint32(0, frame.length - lengthBytes, true);
  frame[lengthBytes] = frameKinds[kind];
  frame[lengthBytes + 1] = name.length;
  frame.set(name, headBytes);
  frame.set(body, headBytes + name.length);
  return frame;
}

/** An object as a body, with bytes behind it where there are some: u32 length of the JSON, the JSON, the bytes. */
export function bodyOf(value: object, bytes: Uint8Array = nothing): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(value));
  const body = new Uint8Array(lengthBytes + text.length + bytes.length);
  new DataView(body.buffer).setUint32(0, text.length, true);
  body.set(text, lengthBytes);
  body.set(bytes, lengthBytes + text.length);
  return body;
}

/** Throws `FrameError`. The shape of the value is whatever the other side says it is: it is the same user's process. */
export function bodyIn<T extends object>(body: Uint8Array): { readonly value: T; readonly bytes: Uint8Array } {
  if (body.length < lengthBytes) throw new FrameError("a body is too short");
  const length = new DataView(body.buffer, body.byteOffset).getUint32(0, true);
  if (lengthBytes + length > body.length) throw new FrameError("a body is shorter than it says");
  const value = jsonIn(new TextDecoder().decode(body.subarray(lengthBytes, lengthBytes + length)));
  return { value: value as T, bytes: body.subarray(lengthBytes + length) };
}

function jsonIn(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FrameError("a body is no JSON");
  }
  if (typeof value !== "object" || value === null) throw new FrameError("a body is no object");
  return value;
}

/** What came is not this protocol. */
export class FrameError extends Error {}

/** Puts frames together from what a socket gives. */
export class FrameReader {
  #held: Uint8Array = nothing;

  /** Frames that are whole now; their bytes are the receiver's. Of kinds that are not known nothing is told. Throws `FrameError`. */
  *read(bytes: Uint8Array): Generator<Frame> {
    let rest = this.#held.length === 0 ? bytes : joined(this.#held, bytes);
    this.#held = nothing;
    while (rest.length >= lengthBytes) {
      const length = new DataView(rest.buffer, rest.byteOffset).getUint32(0, true);
      if (length < 2 || length > frameBytesMax) throw new FrameError(`a frame of ${length} bytes`);
      const end = lengthBytes + length;
      if (rest.length < end) break;
      const frame = frameIn(rest.subarray(lengthBytes, end));
      rest = rest.subarray(end);
      if (frame !== undefined) yield frame;
    }
    // Copied: `slice` of a Buffer is no copy, and what a socket gives is its own again afterwards.
    this.#held = new Uint8Array(rest);
  }
}

function frameIn(bytes: Uint8Array): Frame | undefined {
  const idEnd = 2 + (bytes[1] ?? 0);
  if (idEnd > bytes.length) throw new FrameError("a frame is shorter than its id");
  const kind = kindNames.get(bytes[0] ?? 0);
  if (kind === undefined) return undefined;
  return { kind, id: new TextDecoder().decode(bytes.subarray(2, idEnd)), body: new Uint8Array(bytes.subarray(idEnd)) };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
