import { expect, test } from "bun:test";
import { decodeErrorValue } from "@sluice/protocol";
import { call, callback, finish, idle, ordered, start, token, waitFor } from "../run-store.fixture.suite.ts";
import { newRun, withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a child whose id is taken is refused as the call's failure", () => {
  bench.on.hot("p");
  bench.on.hot("taken");
  const [event] = bench.on.append("p", call(0, newRun("taken"))).events;
  if (event?.event !== "settle" || event.error === undefined) throw new Error("it was not refused");
  expect(decodeErrorValue(event.error).code).toBe("run_id_taken");
});

test("a callback is waited for until the earlier of its own limit and its token's", () => {
  bench.on.hot("r1");
  bench.on.append("r1", token(0, "t1", start + 500), token(1, "t2", start + 100));
  const waiting = bench.on.append("r1", callback(2, "t1", start + 300), callback(3, "t2", start + 300), idle());
  expect(waiting.effects?.due).toBe(start + 100);
  expect(bench.on.column("SELECT due FROM waits ORDER BY seq")).toEqual([start + 300, start + 100]);
});

test("an operation that comes twice waits once", () => {
  bench.on.hot("p");
  const ask = [call(0, newRun("c1")), waitFor(1, "go")] as const;
  bench.on.append("p", ...ask);
  bench.on.append("p", ...ask);
  expect(bench.on.one("SELECT count(*) FROM runs")).toBe(2);
  expect(bench.on.one("SELECT count(*) FROM waits")).toBe(2);
});

test("a child that ended while nobody waited answers at once, without an error of its own too", () => {
  bench.on.hot("c1", { key: "k", workflow: "ship" });
  bench.on.append("c1", { op: "finish", status: "cancelled" });
  bench.on.hot("c2", { key: "k2", workflow: "ship" });
  bench.on.append("c2", finish("out"));
  bench.on.hot("p");
  const asked = bench.on.append(
    "p",
    call(0, newRun("x", { key: "k", workflow: "ship" })),
    call(1, newRun("x", { key: "k2", workflow: "ship" })),
  );
  expect(ordered(asked.events)).toEqual([
    [0, "failed", "The child run ended cancelled."],
    [1, "completed", "out"],
  ]);
});
