// Run messages through bytes and back: whole, split, in pieces, too large, and broken.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  encodeFrame,
  encodeValue,
  frameVersion,
  FrameError,
  runMessageCodes,
  workerMessageCodes,
} from "@sluice/protocol";
import type { EngineToWorker, RunOp, WorkerToEngine } from "@sluice/protocol";
import { blockedInstead, WireDecoder, WireEncoder, WireWriter } from "./wire.ts";
import type { RunMessage, WireFault } from "./wire.ts";

function encoder(limits: { frameBytesMax?: number; messageBytesMax?: number } = {}): WireEncoder {
  return new WireEncoder({ runtime: "bun", now: () => 1_767_225_600_000, id: () => crypto.randomUUID(), ...limits });
}

const refuseNone = (message: RunMessage): never => {
  throw new Error(`refused: ${message.type}`);
};

function ops(run: string, ...list: RunOp[]): WorkerToEngine {
  return { type: "ops", run, epoch: 1, ops: list };
}

function log(message: string): RunOp {
  return { op: "log", level: "info", message, at: 1 };
}

function concat(frames: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(frames);
}

describe("batches", () => {
  test("messages of one type share a frame, and the order of types is kept", () => {
    const batch: EngineToWorker[] = [
      { type: "events", run: "a", epoch: 1, events: [{ event: "pause" }] },
      { type: "events", run: "b", epoch: 2, events: [{ event: "drop" }] },
      { type: "drain", ms: 5 },
      { type: "events", run: "a", epoch: 1, events: [{ event: "wake", seq: 3 }] },
    ];
    const frames = encoder().encode(batch, refuseNone);
    expect(frames).toHaveLength(3);
    expect(new WireDecoder().push(concat(frames)).runs).toEqual(batch);
    expect(encoder().encode([], refuseNone)).toEqual([]);
  });

  test("arrive whole however the stream is split", () => {
    const batch = [
      ops("a", log("one")),
      ops("b", { op: "finish", status: "completed", output: encodeValue({ n: 1 }) }),
    ];
    const bytes = concat(encoder().encode(batch, refuseNone));
    const decoder = new WireDecoder();
    const got: RunMessage[] = [];
    for (const byte of bytes) got.push(...decoder.push(Uint8Array.of(byte)).runs);
    expect(got).toEqual(batch);
  });

  test("keys that are undefined are left out, bytes stay bytes", () => {
    const [frame] = encoder().encode([{ type: "checked", run: "a", epoch: 1, error: undefined }], refuseNone);
    const [message] = new WireDecoder().push(frame!).runs;
    expect(Object.keys(message!)).toEqual(["run", "epoch", "type"]);
    const [other] = new WireDecoder().push(
      encoder().encode([{ type: "validated", request: "1", input: Uint8Array.of(1, 2) }], refuseNone)[0]!,
    ).runs;
    expect(other).toEqual({ type: "validated", request: "1", input: Uint8Array.of(1, 2) });
  });

  test("the golden vectors are batches that both ends understand", () => {
    const path = join(import.meta.dir, "../../protocol/vectors/run-messages.json");
    const { vectors } = JSON.parse(readFileSync(path, "utf8")) as {
      vectors: { name: string; hex: string; message: { type: number; id: string; timestamp: number } }[];
    };
    for (const { name, hex, message } of vectors.filter((each) => each.message.type !== runMessageCodes.piece)) {
      const { runs } = new WireDecoder().push(Buffer.from(hex, "hex"));
      const same = new WireEncoder({ runtime: "bun", now: () => message.timestamp, id: () => message.id });
      expect([name, concat(same.encode(runs, refuseNone)).toString()]).toEqual([
        name,
        Buffer.from(hex, "hex").toString(),
      ]);
    }
  });

  test("what belongs to the worker protocol itself, and what is not known, comes apart from runs", () => {
    const bytes = concat([
      encoder().control(workerMessageCodes.HEARTBEAT, { worker_id: "w" }),
      encoder().control(0x7e, { x: 1 }),
    ]);
    const { runs, controls } = new WireDecoder().push(bytes);
    expect(runs).toEqual([]);
    expect(controls.map(({ type }) => type)).toEqual([workerMessageCodes.HEARTBEAT, 0x7e]);
  });
});

describe("size", () => {
  const limits = { frameBytesMax: 4_096, messageBytesMax: 64 * 1024 };

  test("a batch over the frame's limit is divided, in order", () => {
    const batch = Array.from({ length: 40 }, (_, index) => ops(`run_${index}`, log("x".repeat(400))));
    const frames = encoder(limits).encode(batch, refuseNone);
    expect(frames.length).toBeGreaterThan(4);
    for (const frame of frames) expect(frame.length).toBeLessThanOrEqual(limits.frameBytesMax + 4);
    expect(new WireDecoder(limits).push(concat(frames)).runs).toEqual(batch);
  });

  test("a message over the frame's limit travels in pieces", () => {
    const value = crypto.getRandomValues(new Uint8Array(40_000));
    const message = ops("a", { op: "done", kind: "step", seq: 0, name: "s", n: 0, at: 1, attempt: 1, value });
    const frames = encoder(limits).encode([ops("b", log("before")), message], refuseNone);
    for (const frame of frames) expect(frame.length).toBeLessThanOrEqual(limits.frameBytesMax + 4);
    expect(new WireDecoder(limits).push(concat(frames)).runs).toEqual([ops("b", log("before")), message]);
  });

  test("a message over the message's limit is refused, and the run is told why", () => {
    const message = ops("a", log("x".repeat(70_000)));
    const refused: [RunMessage, WireFault][] = [];
    const frames = encoder(limits).encode([ops("b", log("y")), message], (...each) => refused.push(each));
    expect(new WireDecoder(limits).push(concat(frames)).runs).toEqual([ops("b", log("y"))]);
    expect(refused.map(([each, fault]) => [each, fault.code])).toEqual([[message, "wire_too_large"]]);
    const instead = blockedInstead(message, refused[0]![1]);
    expect(instead).toMatchObject({ type: "ops", run: "a", epoch: 1, ops: [{ op: "blocked", reason: "error" }] });
    expect(blockedInstead({ type: "drain", ms: 1 }, refused[0]![1])).toBeUndefined();
  });

  test("a peer that sends more pieces than a message may have is cut off", () => {
    const decoder = new WireDecoder({ ...limits, messageBytesMax: 5_000 });
    const push = (index: number) =>
      decoder.push(
        encoder().control(runMessageCodes.piece, { id: "p", index, last: false, bytes: new Uint8Array(2_000) }),
      );
    push(0);
    push(1);
    expect(() => push(2)).toThrow(expect.objectContaining({ code: "wire_too_large" }));
  });
});

describe("what cannot be understood", () => {
  const frame = (type: number, payload: Record<string, unknown>): Uint8Array =>
    encodeFrame({ version: frameVersion, type, id: "i", timestamp: 1, runtime: "bun", payload });

  test.each([
    ["no items", runMessageCodes.ops, {}],
    ["an item that is no map", runMessageCodes.ops, { items: [1] }],
    ["an item without its run", runMessageCodes.ops, { items: [{ epoch: 1, ops: [] }] }],
    ["an epoch that is text", runMessageCodes.checked, { items: [{ run: "a", epoch: "1" }] }],
    ["input that is text", runMessageCodes.validate, { items: [{ request: "1", workflow: "w", input: "x" }] }],
    ["a piece without bytes", runMessageCodes.piece, { id: "p", index: 0, last: true }],
  ])("%s", (_what, type, payload) => {
    expect(() => new WireDecoder().push(frame(type, payload))).toThrow(
      expect.objectContaining({ code: "wire_bad_shape" }),
    );
  });

  test("pieces out of order", () => {
    const piece = (id: string, index: number) =>
      frame(runMessageCodes.piece, { id, index, last: false, bytes: Uint8Array.of(1) });
    expect(() => new WireDecoder().push(piece("p", 1))).toThrow(expect.objectContaining({ code: "wire_out_of_order" }));
    const decoder = new WireDecoder();
    decoder.push(piece("p", 0));
    expect(() => decoder.push(piece("q", 0))).toThrow(expect.objectContaining({ code: "wire_out_of_order" }));
  });

  test("bytes that are no frames", () => {
    expect(() => new WireDecoder().push(Uint8Array.of(0, 0, 0, 1, 0xc1))).toThrow(FrameError);
  });
});

describe("a socket that takes only so many bytes", () => {
  test("gets the rest in order when it has room again", () => {
    const taken: number[] = [];
    let room = 3;
    const writer = new WireWriter({
      write(bytes) {
        const count = Math.min(room, bytes.length);
        taken.push(...bytes.subarray(0, count));
        room -= count;
        return count;
      },
    });
    writer.write([Uint8Array.of(1, 2), Uint8Array.of(3, 4)]);
    writer.write([Uint8Array.of(5)]);
    expect([taken, writer.pendingBytes]).toEqual([[1, 2, 3], 2]);
    room = 1;
    writer.drained();
    expect([taken, writer.pendingBytes]).toEqual([[1, 2, 3, 4], 1]);
    room = 10;
    writer.drained();
    writer.write([Uint8Array.of(6)]);
    expect([taken, writer.pendingBytes]).toEqual([[1, 2, 3, 4, 5, 6], 0]);
  });
});
