import { expect, test } from "bun:test";
import type { WaitRow } from "./rows.ts";
import { Flow } from "../flow/flow.ts";
import { MemoryFlowRows } from "./flow/flow-rows.ts";
import { Runs } from "./runs.ts";
import { Waits, delaySeq, timeoutSeq } from "./waits.ts";
import { by, newRun } from "./fixture.suite.ts";

function setUp() {
  const run = new Runs(new Flow(new MemoryFlowRows())).add(newRun("a"), by);
  const waits = new Waits();
  const add = (seq: number, more: Partial<WaitRow> = {}) => waits.add({ run, seq, kind: "event", ...more });
  return { run, waits, add };
}

test("the earliest due time is first, at the same time the older wait", () => {
  const { waits, add } = setUp();
  const [late, first, second] = [add(0, { due: 30 }), add(1, { due: 10 }), add(2, { due: 10 })];
  add(3);
  const order: (WaitRow | undefined)[] = [];
  for (let wait = waits.earliest(); wait !== undefined; wait = waits.earliest()) {
    order.push(wait);
    waits.remove(wait);
  }
  expect(order).toEqual([first, second, late]);
});

test("waits are found by what they wait for, oldest first, with and without a key", () => {
  const { run, waits, add } = setUp();
  const any = add(0, { ref: "paid" });
  const keyed = add(1, { ref: "paid", key: "k" });
  const other = add(2, { ref: "paid", key: "other" });
  const later = add(3, { ref: "paid" });
  add(4, { ref: "paid:k" });
  add(5, { ref: "paid", kind: "lock" });
  expect(waits.waitingFor("event", "paid")).toEqual([any, later]);
  expect(waits.waitingFor("event", "paid", "k")).toEqual([any, keyed, later]);
  waits.remove(keyed);
  expect(waits.waitingFor("event", "paid", "k")).toEqual([any, later]);
  expect(waits.waitingFor("event", "paid", "other")).toEqual([any, other, later]);
  expect(run.waits.size).toBe(5);
});

test("the timers of a run are told from those of its entries", () => {
  const { run, waits, add } = setUp();
  const timeout = add(timeoutSeq, { kind: "timeout", due: 5 });
  expect(waits.ofRun(run, timeoutSeq)).toBe(timeout);
  expect(waits.ofRun(run, delaySeq)).toBeUndefined();
});
