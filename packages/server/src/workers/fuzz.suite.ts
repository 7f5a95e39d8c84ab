// Mutated frames against the real server side: nothing crashes, nothing grows, and nobody else notices.
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SimulatedRandom } from "@sluice/core/testing";
import { Rig } from "./rig.suite.ts";
import type { Stranger } from "./rig.suite.ts";

const vectors = join(import.meta.dir, "../../../protocol/vectors/worker-frames.json");
const framesPerConnection = 20;
const growthBytesMax = 64 * 1024 * 1024;

interface Vectors {
  readonly vectors: readonly { readonly hex: string }[];
}

/** Sends so many mutated frames, in a way that only the seed decides. */
export async function fuzz(p: { readonly frames: number; readonly seed: number }): Promise<void> {
  const golden = (JSON.parse(readFileSync(vectors, "utf8")) as Vectors).vectors
    .map(({ hex }) => Buffer.from(hex, "hex"))
    .filter(({ length }) => length < 4_096);
  const random = new SimulatedRandom(p.seed);
  const below = (limit: number): number => Buffer.from(random.bytes(4)).readUInt32BE() % limit;
  await using rig = await Rig.make({ limits: { reconnectGraceMs: 1 } });
  const witness = await rig.worker("witness");
  let sent = 0;
  /** Once half of it has come: by then everything there is has been used. */
  let before: number | undefined;
  for (let connection = 0; sent < p.frames; connection++) {
    if (sent * 2 >= p.frames) before ??= await residentBytes();
    const fuzzer = await enter(rig, connection % 3 > 0);
    for (let count = 0; count < framesPerConnection && sent < p.frames && !fuzzer.closed; count++, sent++) {
      fuzzer.raw(mutated(golden[below(golden.length)] ?? Buffer.alloc(0), below));
    }
    // What it was sent has been taken, or has ended it, when this is answered.
    await settled(fuzzer);
    fuzzer.destroy();
    expect(rig.fixture.logs.filter(({ level }) => level === "error")).toEqual([]);
    rig.fixture.logs.length = 0;
    if (connection % 50 === 0) {
      expect(await witness.ask("STATE_GET", { key: "nobody writes this" }, "STATE_RESPONSE")).toMatchObject({
        ok: true,
      });
    }
  }
  expect(await witness.ask("STATE_SET", { key: "alive", value: sent }, "STATE_RESPONSE")).toMatchObject({ ok: true });
  expect((await residentBytes()) - (before ?? 0)).toBeLessThan(growthBytesMax);
  expect(sent).toBe(p.frames);
}

/** Memory of this process, without what nobody needs any more. */
async function residentBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    Bun.gc(true);
    await new Promise((resolve) => void setImmediate(resolve));
  }
  return process.memoryUsage().rss;
}

/** A connection, let in or not. */
async function enter(rig: Rig, known: boolean): Promise<Stranger> {
  return known ? rig.worker("fuzzer", { heartbeat_ms: 60_000, slots: 5 }) : rig.stranger();
}

/** Resolves when the connection has ended, or has served everything: a frame cut short may leave it waiting for the rest. */
async function settled(fuzzer: Stranger): Promise<void> {
  fuzzer.send("HEARTBEAT", {});
  fuzzer.end();
  await fuzzer.untilClosed();
}

/** A frame with something wrong: bits turned, bytes lost or doubled, a length that lies, two frames grown together. */
function mutated(frame: Buffer, below: (limit: number) => number): Uint8Array {
  const bytes = Buffer.from(frame);
  switch (below(6)) {
    case 0:
      for (let turns = below(4) + 1; turns > 0; turns--) {
        const at = below(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
      }
      return bytes;
    case 1:
      return bytes.subarray(0, below(bytes.length));
    case 2: {
      // The length is right, what follows it is not.
      const at = 4 + below(bytes.length - 4);
      bytes[at] = below(256);
      return bytes;
    }
    case 3:
      bytes.writeUInt32BE(below(2 ** 32 - 1));
      return bytes;
    case 4: {
      const cut = 4 + below(bytes.length - 4);
      const whole = Buffer.concat([bytes.subarray(0, cut), Buffer.from([below(256), below(256)]), bytes.subarray(cut)]);
      whole.writeUInt32BE(whole.length - 4);
      return whole;
    }
    default:
      return Buffer.concat([bytes, bytes.subarray(below(bytes.length))]);
  }
}
