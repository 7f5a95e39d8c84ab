import { expect, test } from "bun:test";
import { engine, start } from "../run-store.fixture.suite.ts";
import { Change } from "./change.ts";
import { completed, openEntry, settleNow } from "./placing.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("an entry is settled or opened once", () => {
  bench.on.hot("r1");
  const run = bench.on.t.runs.get("r1");
  if (run === undefined) throw new Error("there is no run");
  const a = { cx: new Change(bench.on.t, start, run), run };
  const placed = { seq: 0, name: "x", n: 0, kind: "emit" } as const;
  settleNow(a, placed, completed(1));
  settleNow(a, placed, completed(2));
  expect(a.cx.events).toHaveLength(1);
  expect([run.ord, run.owner]).toEqual([1, engine]);
  openEntry(a, { ...placed, seq: 1, kind: "event" }, { wait: "event", ref: "go", due: start + 5 });
  openEntry(a, placed, { wait: "event", ref: "go" });
  expect(bench.on.column("SELECT seq FROM waits")).toEqual([1]);
  expect(a.cx.effects().due).toBe(start + 5);
});
