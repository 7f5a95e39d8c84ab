import { expect, test } from "bun:test";
import { MemoryFlowRows } from "./flow-rows.ts";

const place = (run: string, rank: number, line: string | null) => {
  return { run, gates: ["g"], share: "", rank, line, held: [], single: line === null ? null : "one" };
};

test("a line has its runs by rank, and forgets those that leave", () => {
  const rows = new MemoryFlowRows();
  rows.putPlace(place("b", 2, "l"));
  rows.putPlace(place("a", 2, "l"));
  rows.putPlace(place("c", 1, "l"));
  const order: string[] = [];
  for (let first = rows.firstIn("l"); first !== undefined; first = rows.firstIn("l")) {
    order.push(first.run);
    rows.putPlace({ ...first, line: null });
  }
  expect(order).toEqual(["c", "a", "b"]);
});

test("what is handed out is a copy until it is put", () => {
  const rows = new MemoryFlowRows();
  rows.putGate({ gate: "g", used: 1, arrival: 0, opensAt: 5 });
  const gate = rows.gate("g");
  if (gate !== undefined) gate.used = 7;
  expect(rows.gate("g")?.used).toBe(1);
  expect([rows.nextOpening(), rows.opened(4, 9).length, rows.opened(5, 9).length]).toEqual([5, 0, 1]);
});

test("the runs of a singleton are those that were put so", () => {
  const rows = new MemoryFlowRows();
  rows.putPlace(place("a", 1, "l"));
  rows.putPlace(place("b", 1, "l"));
  expect(rows.singles("one").map(({ run }) => run)).toEqual(["a", "b"]);
  rows.putPlace({ ...place("a", 1, null) });
  rows.deletePlace("b");
  expect(rows.singles("one")).toEqual([]);
  expect(rows.firstIn("l")).toBeUndefined();
});
