// Rows of the timeline: order, nesting, loops.
import { expect, test } from "bun:test";
import { loopStepsMin, openChildren, stretchesOf, timelineRows } from "./timeline-rows.ts";
import type { RunJournal } from "./timeline-rows.ts";
import type { ListedRun, Step } from "./words.ts";

function step(seq: number, more: Partial<Step> = {}): Step {
  const base = {
    seq,
    kind: "step",
    name: `s${seq}`,
    occurrence: 0,
    status: "completed",
    attempt: 1,
    attempts: [],
    output: null,
  };
  return {
    ...base,
    error: null,
    startedAt: 100 + seq,
    endedAt: 101 + seq,
    dueAt: null,
    order: seq + 1,
    ...more,
  } as Step;
}
const journalOf = (settled: Step[], open: Step[] = []): RunJournal => ({
  journal: { settled, open, complete: true },
  children: [],
});
const rowsOf = (known: RunJournal, open: readonly string[] = [], more: readonly [string, RunJournal][] = []) =>
  timelineRows({
    root: "r",
    journals: new Map([["r", known], ...more]),
    open: new Set(open),
    foldLoops: true,
  });
const shown = (rows: ReturnType<typeof timelineRows>) =>
  rows.map(({ key, depth, state }) => `${depth} ${key} ${state}`);

test("steps in call order, an undo below its step, which is undone", () => {
  const rows = rowsOf(journalOf([step(1), step(0), step(-1, { kind: "undo" })], [step(2, { status: "running" })]));
  expect(shown(rows)).toEqual(["0 r/0 undone", "1 r/-1 completed", "0 r/1 completed", "0 r/2 running"]);
});

test("what waits says so", () => {
  const waits = { status: "running", order: null, endedAt: null } as const;
  const rows = rowsOf(
    journalOf(
      [],
      [
        step(0, { ...waits, kind: "sleep", dueAt: 500 }),
        step(1, { ...waits, dueAt: 500, error: {} as never, attempt: 2 }),
        step(2, { ...waits, dueAt: 500 }),
        step(3, { status: "aborted" }),
      ],
    ),
  );
  expect(rows.map(({ state }) => state)).toEqual(["waiting", "retrying", "running", "aborted"]);
});

test("a child run opens below the call that started it, at any depth", () => {
  const call = step(0, { kind: "call", name: "ship" });
  const known = { ...journalOf([call, step(1)]), children: [{ id: "c", parentStep: 0, createdAt: 1 } as ListedRun] };
  expect(rowsOf(known)[0]).toMatchObject({ key: "r/0", open: false });
  const pending = rowsOf(known, ["r/0"]);
  expect(pending.map(({ type }) => type)).toEqual(["step", "pending", "step"]);
  expect(openChildren(pending)).toEqual(["c"]);
  const child = { ...journalOf([call]), children: [{ id: "d", parentStep: 0, createdAt: 1 } as ListedRun] };
  const rows = rowsOf(
    known,
    ["r/0", "c/0"],
    [
      ["c", child],
      ["d", journalOf([step(0)])],
    ],
  );
  expect(rows.map(({ key, depth }) => `${depth} ${key}`)).toEqual(["0 r/0", "1 c/0", "2 d/0", "0 r/1"]);
});

test("of runs started by one step the last counts", () => {
  const children = [
    { id: "second", parentStep: 0, createdAt: 2 },
    { id: "first", parentStep: 0, createdAt: 1 },
  ] as ListedRun[];
  expect(rowsOf({ ...journalOf([step(0, { kind: "call" })]), children })[0]).toMatchObject({ child: { id: "second" } });
});

test("loops are one row with everything in them", () => {
  const loop = Array.from({ length: loopStepsMin }, (_, index) => step(index, { name: `item ${index}` }));
  const failed = step(50, { name: "item 50", status: "failed", endedAt: 900 });
  const folded = rowsOf(journalOf([...loop, step(40, { name: "other" }), failed]));
  expect(shown(folded)).toEqual(["0 r/loop step item # failed", "0 r/40 completed"]);
  expect(folded[0]).toMatchObject({ name: "item …", failed: 1, from: 100, to: 900, open: false });
  const opened = rowsOf(journalOf([...loop, failed]), ["r/loop step item #"]);
  expect(opened).toHaveLength(1 + loopStepsMin + 1);
  expect(opened[1]).toMatchObject({ key: "r/0", depth: 1 });
  const few = rowsOf(journalOf(loop.slice(1)));
  expect(few).toHaveLength(loopStepsMin - 1);
});

test("a loop that goes on has no end", () => {
  const loop = Array.from({ length: loopStepsMin }, (_, index) => step(index, { name: "poll" }));
  loop[3] = step(3, { name: "poll", endedAt: null, status: "running", order: null });
  expect(rowsOf(journalOf(loop))[0]).toMatchObject({ to: null, state: "running", name: "poll" });
});

test("ten thousand steps are made into rows quickly", () => {
  const steps = Array.from({ length: 10_000 }, (_, index) => step(index));
  const startedMs = performance.now();
  const rows = timelineRows({
    root: "r",
    journals: new Map([["r", journalOf(steps)]]),
    open: new Set(),
    foldLoops: false,
  });
  expect(rows).toHaveLength(10_000);
  // One frame of a slow machine.
  expect(performance.now() - startedMs).toBeLessThan(200);
});

test("stretches of a loop touch or do not, within the window", () => {
  const at = (from: number, to: number | null, status = "completed") =>
    step(0, { startedAt: from, endedAt: to, status: status as Step["status"] });
  const window = { from: 0, to: 1_000, now: 1_000 };
  expect(stretchesOf([at(0, 100), at(101, 200), at(500, 600), at(601, 610, "failed")], window)).toEqual([
    { from: 0, to: 0.2, failed: false },
    { from: 0.5, to: 0.6, failed: false },
    { from: 0.601, to: 0.61, failed: true },
  ]);
  expect(stretchesOf([at(900, null), at(-50, -10), at(2_000, 2_100)], window)).toEqual([
    { from: 0.9, to: 1, failed: false },
  ]);
  const many = Array.from({ length: 10_000 }, (_, index) => at(index, index));
  expect(stretchesOf(many, { from: 0, to: 10_000, now: 0 }).length).toBeLessThanOrEqual(240);
});

test("a step that was tried again begins with its first attempt", () => {
  const attempts = [{ attempt: 1, startedAt: 40, endedAt: 60, error: {} as never }];
  expect(rowsOf(journalOf([step(0, { attempt: 2, attempts })]))[0]).toMatchObject({ from: 40, to: 101 });
});
