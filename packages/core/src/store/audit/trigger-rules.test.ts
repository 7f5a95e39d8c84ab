import { expect, test } from "bun:test";
import { triggerRules } from "./trigger-rules.ts";

const by = { kind: "user", id: "ada", origin: {} } as const;

test("pausing is written with what was before and after", () => {
  const sight = { trigger: () => ({ workflow: "order", paused: false }) } as never;
  const finish = triggerRules.setTriggerPaused({ by, trigger: "order:in", paused: true, now: 5 }, sight);
  expect(finish({ paused: true } as never)).toMatchObject({
    at: 5,
    action: "trigger:pause",
    target: "trigger:order:in",
    workflow: "order",
    outcome: "done",
    before: { paused: false },
    after: { paused: true },
  });
  expect(finish(undefined)).toMatchObject({ outcome: "refused", reason: "trigger_not_found" });
});

test("a declaration names the triggers", () => {
  const triggers = [{ id: "order:in", workflow: "order", kind: "poll", createdAt: 1 }];
  const finish = triggerRules.putTriggers({ by, workflows: ["order"], triggers, now: 5 }, {} as never);
  expect(finish([])).toMatchObject({ action: "trigger:declare", after: { triggers: ["order:in"] } });
});
