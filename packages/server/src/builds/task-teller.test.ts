// What a server hears of tasks: their lines, cut where there are too many, and which are being executed.
import { describe, expect, test } from "bun:test";
import type { Context } from "@sluice/sdk";
import { TaskTeller } from "./task-teller.ts";

interface Heard {
  readonly ctx: Context;
  readonly lines: (readonly [string, unknown])[];
  readonly progress: unknown[];
}

/** A context that notes what it is told. */
function listener(): Heard {
  const lines: (readonly [string, unknown])[] = [];
  const progress: unknown[] = [];
  const log = { info: (text: string, about: unknown) => void lines.push([text, about]) };
  const ctx = { log, progress: (value: unknown) => void progress.push(value) } as unknown as Context;
  return { ctx, lines, progress };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("what is told of a task", () => {
  test("are its lines, however they were cut, also one that does not end", async () => {
    const { ctx, lines } = listener();
    const teller = new TaskTeller(() => 5);
    const [smile] = [bytes("😀")];
    await teller.within(ctx, "a#build", async () => {
      teller.output({ id: "a#build" }, bytes("one\ntw"));
      teller.output({ id: "a#build" }, new Uint8Array([...bytes("o "), ...smile.slice(0, 2)]));
      teller.output({ id: "a#build" }, new Uint8Array([...smile.slice(2), ...bytes("\nthree")]));
    });
    teller.output({ id: "a#build" }, bytes("late\n"));
    const about = { task: "a#build" };
    expect(lines).toEqual([
      ["one", about],
      ["two 😀", about],
      ["three", about],
    ]);
  });

  test("is cut once, where it is too much", async () => {
    const { ctx, lines } = listener();
    const teller = new TaskTeller(() => 5);
    await teller.within(ctx, "a", async () => teller.output({ id: "a" }, bytes("x\n".repeat(2_500))));
    expect(lines).toHaveLength(2_001);
    expect(lines.at(-1)).toEqual(["", { task: "a", cut: true }]);
  });

  test("is that it is being executed, from when to when", async () => {
    const { ctx, progress } = listener();
    const teller = new TaskTeller(() => 7);
    teller.planned(ctx, 3, 1);
    await teller.within(ctx, "a", async () => teller.started({ id: "a" }));
    teller.ended();
    await teller.within(ctx, "b", async () => teller.started({ id: "b" }));
    expect(progress).toEqual([
      { running: {}, done: 1, total: 3 },
      { running: { a: 7 }, done: 1, total: 3 },
      { running: {}, done: 1, total: 3 },
      { running: { b: 7 }, done: 2, total: 3 },
      { running: {}, done: 2, total: 3 },
    ]);
  });

  test("of hits is kept until there is a run to tell it to, as far as it is not too much", () => {
    const { ctx, lines } = listener();
    const teller = new TaskTeller(() => 5);
    teller.replayed({ id: "a" }, bytes("from the cache\n"));
    for (let i = 0; i < 20; i++) teller.replayed({ id: `b${i}` }, new Uint8Array(100_000).fill(0x78));
    teller.tellHits(ctx);
    teller.tellHits(ctx);
    expect(lines[0]).toEqual(["from the cache", { task: "a" }]);
    expect(new Set(lines.map(([, about]) => (about as { readonly task: string }).task)).size).toBe(16);
  });
});
