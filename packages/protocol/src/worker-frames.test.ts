// The golden frames of the types that any make of worker speaks: written and read byte for byte, also split at every byte;
// and how a master judges what is no good message.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FrameDecoder } from "./frame.ts";
import type { WireMessage } from "./frame.ts";
import { messageChecks, vectorMessage } from "./vectors.suite.ts";
import { workerMessageCodes } from "./worker-message-codes.ts";
import { parseWorkerMessage } from "./worker-messages.ts";

interface Frames {
  readonly vectors: readonly { readonly name: string; readonly hex: string; readonly message: WireMessage }[];
  readonly taken: readonly { readonly name: string; readonly hex: string; readonly message: WireMessage }[];
  readonly judged: readonly {
    readonly name: string;
    readonly hex: string;
    readonly sender: "worker" | "master";
    readonly code: string;
  }[];
}

const file = JSON.parse(readFileSync(join(import.meta.dir, "../vectors/worker-frames.json"), "utf8")) as Frames;
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));

describe("worker-frames.json", () => {
  for (const { name, run } of messageChecks({ vectors: file.vectors, refused: [] })) test(name, run);

  test("has two frames of every type at least, and each fits its schema", () => {
    const seen = new Map<number, number>();
    for (const { name, message } of file.vectors) {
      seen.set(message.type, (seen.get(message.type) ?? 0) + 1);
      expect({ name, ...parseWorkerMessage(vectorMessage(message)) }).toMatchObject({ name, ok: true });
    }
    for (const [name, code] of Object.entries(workerMessageCodes)) {
      expect({ name, frames: (seen.get(code) ?? 0) >= 2 }).toEqual({ name, frames: true });
    }
  });

  test("reads the same in one write and byte for byte", () => {
    const small = file.vectors.filter(({ hex }) => hex.length < 2_000);
    const stream = Buffer.concat(small.map(({ hex }) => bytesOf(hex)));
    const wanted = small.map(({ message }) => vectorMessage(message));
    expect(new FrameDecoder().push(stream)).toEqual(wanted);
    const decoder = new FrameDecoder();
    expect([...stream].flatMap((byte) => decoder.push(new Uint8Array([byte])))).toEqual(wanted);
  });

  for (const { name, hex, message } of file.taken) {
    test(`takes ${name}`, () => expect(new FrameDecoder().push(bytesOf(hex))).toEqual([message]));
  }

  for (const { name, hex, sender, code } of file.judged) {
    test(`${code}: ${name}`, () => {
      const [message] = new FrameDecoder().push(bytesOf(hex));
      expect(parseWorkerMessage(message as WireMessage, sender)).toMatchObject({ ok: false, code });
    });
  }
});
