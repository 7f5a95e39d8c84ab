import { expect, test } from "bun:test";
import { ada, callback, delivered, idle, start, token, value } from "../run-store.fixture.suite.ts";
import type { Effects } from "../../kernel/run-store.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a token settles everything that waits for it, in other runs too", () => {
  bench.on.hot("r1");
  bench.on.hot("r2");
  bench.on.append("r1", token(0, "t1"), callback(1, "t1"), idle());
  bench.on.append("r2", callback(0, "t1"), idle());
  const p = { by: ada, token: "t1", kind: "callback", value: value("yes"), now: start } as const;
  const answer = bench.on.verb("completeToken", p) as { outcome: string; run: string; effects: Effects };
  expect([answer.outcome, answer.run]).toEqual(["ok", "r1"]);
  expect(delivered(answer.effects)).toEqual([
    ["r1", 1, "completed", "yes"],
    ["r2", 0, "completed", "yes"],
  ]);
});

test("a token past its time is marked so by the attempt to use it", () => {
  bench.on.hot("r1");
  bench.on.append("r1", token(0, "t1", start + 10));
  const p = { by: ada, token: "t1", kind: "callback", value: value(1) } as const;
  expect(bench.on.verb("completeToken", { ...p, now: start + 10 })).toEqual({ outcome: "expired" });
  expect(bench.on.column("SELECT status FROM tokens")).toEqual(["expired"]);
  expect(bench.on.verb("completeToken", { ...p, now: start })).toEqual({ outcome: "expired" });
});
