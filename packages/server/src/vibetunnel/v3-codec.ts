// Messages of VibeTunnel's WebSocket of version 3, little-endian: u16 0x5654, u8 3, u8 type, u32 length of the session's id, the id, u32 length
// of what belongs to it, and that.

const v3Types = {
  hello: 1,
  welcome: 2,
  subscribe: 10,
  unsubscribe: 11,
  stdout: 20,
  snapshot: 21,
  event: 22,
  error: 23,
  inputText: 30,
  inputKey: 31,
  resize: 32,
  kill: 33,
  resetSize: 34,
  ping: 40,
  pong: 41,
} as const;
export type V3Type = keyof typeof v3Types;

/** What a subscription is for. */
export const v3Flags = { stdout: 1, snapshots: 2, events: 4 } as const;

export interface V3Message {
  readonly type: V3Type;
  /** Empty: of all sessions. */
  readonly id: string;
  readonly payload: Uint8Array;
}

const magic = 0x5654;
const version = 3;
const headBytes = 12;
const idBytesMax = 256;
const names = new Map(Object.entries(v3Types).map(([name, code]) => [code as number, name as V3Type]));

export function encodeV3({ type, id, payload }: V3Message): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(id);
  const bytes = new Uint8Array(headBytes + name.length + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, magic, true);
  view.setUint8(2, version);
  view.setUint8(3, v3Types[type]);
  view.setUint32(4, name.length, true);
  bytes.set(name, 8);
  view.setUint32(8 + name.length, payload.length, true);
  bytes.set(payload, headBytes + name.length);
  return bytes;
}

/** Undefined for what is no message. */
export function decodeV3(bytes: Uint8Array): V3Message | undefined {
  if (bytes.length < headBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = names.get(view.getUint8(3));
  if (view.getUint16(0, true) !== magic || view.getUint8(2) !== version || type === undefined) return undefined;
  const idBytes = view.getUint32(4, true);
  if (idBytes > idBytesMax || headBytes + idBytes > bytes.length) return undefined;
  const length = view.getUint32(8 + idBytes, true);
  if (headBytes + idBytes + length !== bytes.length) return undefined;
  const id = new TextDecoder().decode(bytes.subarray(8, 8 + idBytes));
  return { type, id, payload: bytes.subarray(headBytes + idBytes) };
}

export interface V3Subscription {
  readonly flags: number;
}

/** u32 flags, and two intervals of screens that are sent as fast as they may be. Undefined for what is none. */
export function subscriptionIn(payload: Uint8Array): V3Subscription | undefined {
  if (payload.length !== 12) return undefined;
  return { flags: new DataView(payload.buffer, payload.byteOffset).getUint32(0, true) };
}

/** Two u32: columns and rows. Undefined for what is none. */
export function sizeIn(payload: Uint8Array): { readonly cols: number; readonly rows: number } | undefined {
  if (payload.length !== 8) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset);
  return { cols: view.getUint32(0, true), rows: view.getUint32(4, true) };
}
