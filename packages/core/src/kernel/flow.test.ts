import { expect, test } from "bun:test";
import { gateId, gatesOfRule, holdOf, partsOf, priorityPointMs, queueGate, rankOf, ruleId } from "./flow.ts";

test("the name of a gate says of which rule and key it is", () => {
  const rule = ruleId("order", "concurrency", "input.tenant");
  const gate = gateId(rule, "a\tb");
  expect(partsOf(gate)).toEqual({ rule, workflow: "order", kind: "concurrency", path: "input.tenant", key: "a\tb" });
  expect(holdOf(gate)).toEqual({ by: "concurrency", path: "input.tenant", key: "a\tb" });
  expect(holdOf(gateId(ruleId("order", "throttle")))).toEqual({ by: "throttle" });
  expect(holdOf(queueGate("mails"))).toEqual({ by: "queue", key: "mails" });
});

test("the gates of a rule sort together, and those of no other between them", () => {
  const { from, to } = gatesOfRule(ruleId("order", "concurrency", "input.a"));
  const inside = (gate: string): boolean => gate >= from && gate < to;
  for (const key of ["", "x", "\u{10FFFF}", "\t"]) {
    expect(inside(gateId(ruleId("order", "concurrency", "input.a"), key))).toBe(true);
    expect(inside(gateId(ruleId("order", "concurrency", "input.ab"), key))).toBe(false);
    expect(inside(gateId(ruleId("order", "concurrency", "input"), key))).toBe(false);
  }
});

test("a point of priority is worth a minute of waiting", () => {
  expect(rankOf({ createdAt: priorityPointMs, priority: 1 })).toBe(rankOf({ createdAt: 0, priority: 0 }));
});
