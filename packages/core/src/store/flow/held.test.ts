import { expect, test } from "bun:test";
import { gateId, queueGate, ruleId } from "../../kernel/flow.ts";
import { lineId } from "./flow-rows.ts";
import { heldByKind } from "./held.ts";

test("runs in blocked lines count by what blocks them, of workflows that may be seen", () => {
  const limit = (workflow: string): string => gateId(ruleId(workflow, "concurrency"));
  const line = (gates: readonly string[], blocked: string | null, waiting: number) => {
    return { line: lineId("", gates), blocked, waiting };
  };
  const q = queueGate("q");
  const lines = [
    line([limit("a")], limit("a"), 3),
    line([q, limit("b")], q, 4),
    line([q], q, 5),
    line([limit("c")], null, 6),
  ];
  expect(heldByKind(lines, undefined)).toEqual({ concurrency: 3, queue: 9 });
  expect(heldByKind(lines, { workflows: ["b"] })).toEqual({ queue: 4 });
});
