import { expect, test } from "bun:test";
import type { RunRecord } from "../kernel/run-store.ts";
import { assignmentOf, HotRuns } from "./hot-runs.ts";

const run = (id: string, epoch: number) => ({ run: id, epoch, workflow: "w", version: "v", entries: 0 });

test("a run is known by its id and the epoch of its incarnation", () => {
  const hots = new HotRuns();
  const first = hots.add(run("r", 1));
  expect(hots.get("r", 1)).toBe(first);
  expect([hots.get("r", 2), hots.get("other", 1)]).toEqual([undefined, undefined]);
  expect([hots.has("r"), hots.has("other"), hots.size]).toEqual([true, false, 1]);
});

test("a later incarnation replaces an earlier one, which can then remove nothing", () => {
  const hots = new HotRuns();
  hots.add(run("r", 1));
  const second = hots.add(run("r", 2));
  expect(hots.remove("r", 1)).toBeUndefined();
  expect(hots.get("r", 2)).toBe(second);
  expect(hots.remove("r", 2)).toBe(second);
  expect(hots.remove("r", 2)).toBeUndefined();
  expect(hots.size).toBe(0);
});

test("runs are found by the worker that executes them", () => {
  const hots = new HotRuns();
  for (const id of ["a", "b", "c"]) hots.add(run(id, 1)).worker = id === "c" ? "w2" : "w1";
  hots.add(run("d", 1));
  expect(hots.on("w1").map((hot) => hot.run)).toEqual(["a", "b"]);
  expect(hots.all().map((hot) => hot.run)).toEqual(["a", "b", "c", "d"]);
});

const record = {
  id: "r",
  epoch: 2,
  workflow: "w",
  version: "v",
  input: new Uint8Array([1]),
  createdAt: 5,
  attempt: 1,
  generation: 0,
  tags: {},
  ord: 3,
} as unknown as RunRecord;
const parts = { hot: new HotRuns(), url: () => "http://here" };

test("a run is described with what it has, and with nothing it has not", () => {
  const plain = assignmentOf(parts, record, { journal: [] });
  expect(plain).toMatchObject({ run: "r", epoch: 2, created: 5, started: 5, url: "http://here" });
  for (const key of ["more", "gaps", "parent", "key", "trace", "cancel", "outcome"])
    expect(plain).not.toHaveProperty(key);
});

test("a journal that goes on, a retried run and a child say so", () => {
  const again = { ...record, attempt: 2, startedAt: 7, key: "k", parent: { run: "p" } } as unknown as RunRecord;
  expect(assignmentOf(parts, again, { journal: [], more: true })).toMatchObject({
    started: 7,
    more: true,
    gaps: true,
    parent: "p",
    key: "k",
  });
});
