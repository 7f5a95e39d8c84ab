// The thread that turns one large value into JSON: decoding it would keep the engine's thread from everything else.
import { readFileSync } from "node:fs";
import { decodeValue, toWire, valueToJson } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";

/** First the file, then a request for each piece. */
export type ValueRequest = { readonly file: string } | { readonly next: true };

/** `ready` answers the file, with the bytes of its JSON; after the last piece comes `done`. */
export type ValueReply =
  | { readonly ready: number }
  | { readonly piece: Uint8Array<ArrayBuffer> }
  | { readonly done: true }
  | { readonly failed: WireError };

declare const self: Worker;

const pieceBytes = 262_144;

let json = new Uint8Array();
let sent = 0;

function answer(request: ValueRequest): ValueReply {
  if ("file" in request) {
    json = new TextEncoder().encode(JSON.stringify(valueToJson(decodeValue(readFileSync(request.file)))));
    return { ready: json.length };
  }
  if (sent >= json.length) return { done: true };
  const piece = json.slice(sent, sent + pieceBytes);
  sent += piece.length;
  return { piece };
}

self.addEventListener("message", ({ data }: MessageEvent<ValueRequest>) => {
  let reply: ValueReply;
  try {
    reply = answer(data);
  } catch (error) {
    reply = { failed: toWire(error) };
  }
  self.postMessage(reply, "piece" in reply ? [reply.piece.buffer] : []);
});
