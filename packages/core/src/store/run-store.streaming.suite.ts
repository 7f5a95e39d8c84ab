// Streamed output: numbered, read on from anywhere, once whatever a replay says again, and bounded.
import { describe, expect, test } from "bun:test";
import type { ChunkOp } from "@sluice/protocol";
import type { StoreOp } from "../kernel/run-store.ts";
import { ada, finish, read, start, value, withStore, type MakeStore } from "./run-store.fixture.suite.ts";

const step = { seq: 0, name: "s", attempt: 1 } as const;

export function streamingSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: streamed output`, () => {
    const desk = withStore(makeStore);
    const chunk = (place: ChunkOp["place"], pieces: readonly unknown[], more: Partial<ChunkOp> = {}): StoreOp => ({
      op: "chunk",
      at: start,
      place,
      values: pieces.map(value),
      keepBytes: 1_000,
      ...more,
    });
    const pieces = async (after = 0, bytesMax = 1_000_000) => {
      const { chunks } = await desk.store.readStream({ run: "r1", after, bytesMax });
      return chunks.map((each) => [each.no, each.step?.name, each.index, read(each.value)]);
    };

    test("is numbered in the order in which it came, and read on from any number", async () => {
      await desk.hot("r1");
      await desk.append("r1", chunk([1, 0, 0], ["a", "b"]), chunk([1, 0, 0], ["x"], { step }), chunk([1, 0, 2], ["c"]));
      const all = [
        [1, undefined, 0, "a"],
        [2, undefined, 1, "b"],
        [3, "s", 0, "x"],
        [4, undefined, 2, "c"],
      ];
      expect(await pieces()).toEqual(all);
      expect(await pieces(1)).toEqual(all.slice(1));
      expect(await pieces(4)).toEqual([]);
      expect(await pieces(99)).toEqual([]);
      expect(await pieces(0, 1)).toEqual(all.slice(0, 2));
      expect(await pieces(2, 1)).toEqual(all.slice(2, 3));
      const { chunks } = await desk.store.readStream({ run: "r1", after: 2, bytesMax: 1 });
      expect(chunks).toEqual([{ no: 3, step, index: 0, at: start, value: value("x") }]);
    });

    test("of the workflow counts once, that of a step again with its attempt", async () => {
      await desk.hot("r1");
      await desk.append("r1", chunk([1, 2, 0], ["a", "b"]), chunk([1, 0, 0], ["x"], { step }));
      await desk.append("r1", chunk([1, 2, 0], ["a", "b", "c"]), chunk([1, 0, 0], ["y"], { step }));
      await desk.append("r1", chunk([1, 2, 1], ["b"]), chunk([1, 1, 5], ["before"]), chunk([2, 0, 0], ["retried"]));
      expect((await pieces()).map(([, , index, piece]) => [index, piece])).toEqual([
        [0, "a"],
        [1, "b"],
        [0, "x"],
        [2, "c"],
        [0, "y"],
        [0, "retried"],
      ]);
    });

    test("keeps the newest where there is too much, and says where that begins", async () => {
      await desk.hot("r1");
      const keepFew: object = { keepBytes: 500 };
      const long = "x".repeat(90);
      for (let i = 0; i < 20; i++) await desk.append("r1", chunk([1, 0, i], [long], keepFew));
      const { chunks, first } = await desk.store.readStream({ run: "r1", after: 0, bytesMax: 1e6 });
      expect(chunks.length).toBeGreaterThan(3);
      expect(chunks.length).toBeLessThan(7);
      expect(chunks.at(-1)?.no).toBe(20);
      expect(first).toBe(chunks[0]?.no ?? 0);
    });

    test("comes with the last words of a run, is for those who see it, and goes with it", async () => {
      await desk.hot("r1");
      await desk.append("r1", finish(), chunk([1, 0, 0], ["late"]));
      expect(await pieces()).toHaveLength(1);
      const hidden = { run: "r1", after: 0, bytesMax: 1e6, access: { workflows: ["other"] } };
      expect(await desk.store.readStream(hidden)).toEqual({ chunks: [], first: 1 });
      await desk.store.deleteRuns({ by: ada, runs: ["r1"], now: start });
      await desk.create("r1");
      expect(await pieces()).toEqual([]);
    });
  });
}
