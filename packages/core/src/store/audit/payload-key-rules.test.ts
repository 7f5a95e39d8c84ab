import { expect, test } from "bun:test";
import { outside } from "../audit-log.fixture.suite.ts";
import { start } from "../run-store.fixture.suite.ts";
import type { AuditSight } from "./audit-rule.ts";
import { payloadKeyRules } from "./payload-key-rules.ts";

const sight = {} as unknown as AuditSight;

test("an erasure says how many runs it was for, or why it was refused", () => {
  const finish = payloadKeyRules.erasePayloadKey({ by: outside, id: "k", now: start }, sight);
  const row = { at: start, action: "key:erase", target: "key:k" };
  expect(finish({ outcome: "ok", runs: 2 })).toEqual({ ...row, outcome: "done", after: { runs: 2 } });
  expect(finish({ outcome: "unfinished", run: "r" })).toEqual({ ...row, outcome: "refused", reason: "run_not_final" });
  expect(finish({ outcome: "not_found" })).toEqual({ ...row, outcome: "refused", reason: "key_not_found" });
});

test("a rotation holds no key", () => {
  const keys = [{ id: "k", wrapped: new TextEncoder().encode("wrapped bytes") }];
  const p = { by: outside, workflow: "bill", version: "v2", keys, now: start };
  expect(JSON.stringify(payloadKeyRules.rewrapPayloadKeys(p, sight)({ rewrapped: 1 }))).toBe(
    JSON.stringify({
      at: start,
      action: "key:rotate",
      target: "workflow:bill",
      workflow: "bill",
      outcome: "done",
      after: { key: "v2", rewrapped: 1 },
    }),
  );
});
