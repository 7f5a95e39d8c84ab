import { expect, test } from "bun:test";
import { isKept, triggerId, triggerKind, triggerName } from "./trigger-names.ts";

test("a trigger is named by its code, or by what it listens to", () => {
  const hook = { type: "webhook", path: "/orders", method: "POST" } as const;
  expect([triggerName(hook), triggerId("order", hook), triggerKind(hook)]).toEqual([
    "POST /orders",
    "order:POST /orders",
    "webhook",
  ]);
  expect(triggerName({ ...hook, name: "in" })).toBe("in");
  const file = { type: "source", source: "file", name: "in/*", config: new Uint8Array() } as const;
  expect([triggerKind(file), isKept(file)]).toEqual(["file", true]);
});
