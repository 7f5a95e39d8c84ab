// What a server and the one that takes its place say to each other, over a socket in the data folder: lines of JSON.
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import type { WireError } from "@sluice/protocol";

/** Name of the socket in the data folder: whoever may open it may write to the folder. */
export const controlFile = "control.sock";
/** Where a successor takes what still comes to the server before it, until it serves itself. */
export const inboxFile = "inbox.sock";

export type FromSuccessor =
  /** Let me have your place, at this address; port 0 is whatever it is. */
  | { readonly type: "replace"; readonly pid: number; readonly host: string; readonly port: number }
  /** I listen beside you. */
  | { readonly type: "listening"; readonly inbox: string };

export type FromServer =
  /** You may listen on this port now; nothing is executed here any more. */
  | { readonly type: "sharing"; readonly port: number }
  /** The data folder is free. */
  | { readonly type: "released" }
  | { readonly type: "refused"; readonly error: WireError };

/** Longest line; longer ones end the connection. */
const lineBytesMax = 64 * 1024;

/** Takes bytes and gives what they say, message by message. Throws for what is no message. */
export class Lines<Message> {
  readonly #decoder = new TextDecoder();
  #text = "";

  push(chunk: Uint8Array): Message[] {
    this.#text += this.#decoder.decode(chunk, { stream: true });
    const lines = this.#text.split("\n");
    this.#text = lines.pop() ?? "";
    if (this.#text.length > lineBytesMax) throw new Error("a line is too long");
    return lines.map((line) => JSON.parse(line) as Message);
  }
}

/** A message as it travels. */
export function lineOf(message: FromServer | FromSuccessor): string {
  return `${JSON.stringify(message)}\n`;
}

/** Longest path that a Unix socket can have, in bytes, with room to spare. */
const socketPathBytesMax = 100;

/**
 * A path of the socket `name` in a folder that the kernel takes, however deep the folder is: where it would be too long, through
 * a descriptor of the folder, until `close`.
 */
export function socketPath(folder: string, name: string): { readonly path: string; readonly close: () => void } {
  const path = join(folder, name);
  if (Buffer.byteLength(path) <= socketPathBytesMax) return { path, close: () => undefined };
  const file = openSync(folder, "r");
  return { path: `/proc/self/fd/${file}/${name}`, close: () => closeSync(file) };
}
