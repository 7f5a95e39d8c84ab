// Connections over WebSocket: one frame a message, without the length before it.
import { frameBytesMax } from "@sluice/protocol";
import type { Dial } from "./remote-worker.ts";

/** What runtimes take beyond the standard. */
type WebSocketWithOptions = new (url: string, options: object) => WebSocket;

const lengthBytes = 4;
const lookEveryMs = 2;
/** Who takes a connection and then says nothing is tried again. */
const dialMsDefault = 10_000;

/** Dials this URL (`ws:` or `wss:`) with the runtime's own WebSocket; it has `dialMs` to open. `trust`: what it is given besides. */
export function dialWebSocket(
  url: string,
  { dialMs = dialMsDefault, trust }: { readonly dialMs?: number; readonly trust?: object | undefined } = {},
): Dial {
  return (events) =>
    new Promise((resolve, reject) => {
      const socket = trust === undefined ? new WebSocket(url) : new (WebSocket as WebSocketWithOptions)(url, trust);
      socket.binaryType = "arraybuffer";
      let open = false;
      const late = setTimeout(() => {
        reject(new Error(`no answer in ${dialMs} ms`));
        socket.close();
      }, dialMs);
      socket.addEventListener("open", () => {
        open = true;
        clearTimeout(late);
        const look = (): void => {
          // The standard tells nobody when it has sent.
          if (socket.readyState !== WebSocket.OPEN) return;
          if (socket.bufferedAmount > 0) setTimeout(look, lookEveryMs);
          else {
            looking = false;
            events.drained();
          }
        };
        let looking = false;
        resolve({
          write: (bytes) => {
            for (const frame of framesIn(bytes)) socket.send(frame);
            if (!looking && socket.bufferedAmount > 0) {
              looking = true;
              setTimeout(look, lookEveryMs);
            }
            return bytes.length;
          },
          get waitingBytes() {
            return socket.bufferedAmount;
          },
          end: () => socket.close(),
        });
      });
      socket.addEventListener("message", ({ data }: MessageEvent) => events.data(withLength(data as ArrayBuffer)));
      socket.addEventListener("close", ({ reason, code }: CloseEvent) => {
        clearTimeout(late);
        const why = reason === "" ? `the connection was closed (${code})` : reason;
        if (open) events.closed(why);
        else reject(new Error(why));
      });
      socket.addEventListener("error", () => undefined);
    });
}

/** Whole frames that stand one after the other, each without its length. */
export function framesIn(bytes: Uint8Array): Uint8Array<ArrayBuffer>[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at);
    const from = at + lengthBytes;
    if (length > frameBytesMax || from + length > bytes.length) throw new RangeError("a frame is cut off");
    frames.push(new Uint8Array(bytes.subarray(from, from + length)));
    at = from + length;
  }
  return frames;
}

/** A message as the frame it is. */
export function withLength(message: ArrayBuffer): Uint8Array {
  const frame = new Uint8Array(lengthBytes + message.byteLength);
  new DataView(frame.buffer).setUint32(0, message.byteLength);
  frame.set(new Uint8Array(message), lengthBytes);
  return frame;
}
