import { expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { outside } from "../audit-log.fixture.suite.ts";
import { start } from "../run-store.fixture.suite.ts";
import { beginAudit } from "./audit-rules.ts";
import type { AuditSight } from "./audit-rule.ts";

const nothing = () => undefined;
const blind: AuditSight = {
  run: nothing,
  waitToken: nothing,
  state: nothing,
  trigger: () => undefined,
  schedule: nothing,
  user: nothing,
  role: nothing,
  session: nothing,
  accessToken: nothing,
};

test("nothing is said of what nobody from outside asked for, nor of verbs that change nothing", () => {
  const p = { scope: "global", key: "k", value: encodeValue(1), now: start };
  expect(beginAudit("setState", { ...p, by: { kind: "user", id: "ada" } }, blind)).toBeUndefined();
  expect(beginAudit("setState", p, blind)).toBeUndefined();
  expect(beginAudit("stats", undefined, blind)).toBeUndefined();
  expect(beginAudit("getState", { ...p, by: outside }, blind)).toBeUndefined();
  expect(beginAudit("constructor", { ...p, by: outside }, blind)).toBeUndefined();
});

test("a row names who asked, and its details are JSON", () => {
  const p = { by: outside, scope: "global", key: "k", value: encodeValue(1), now: start };
  expect(beginAudit("setState", p, blind)?.({ outcome: "ok", version: 1 })).toEqual([
    {
      by: outside,
      at: start,
      action: "state:write",
      target: "state:global/k",
      workflow: undefined,
      outcome: "done",
      before: undefined,
      after: '{"version":1,"bytes":1,"value":1}',
    },
  ]);
});

test("a verb about several things makes a row for each", () => {
  const finish = beginAudit("deleteRuns", { by: outside, runs: ["r1", "r2"], now: start }, blind);
  expect(finish?.({ deleted: ["r2"] }).map(({ target, outcome }) => [target, outcome])).toEqual([
    ["run:r1", "refused"],
    ["run:r2", "done"],
  ]);
});
