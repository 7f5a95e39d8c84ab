// A run as text: what the command line says of it.
import { expect, test } from "bun:test";
import type { RunView } from "../views.ts";
import { becameOf, describeRun } from "./run-text.ts";

const run: RunView = {
  id: "run_1",
  workflow: "mail",
  version: "0123456789abcdef",
  status: "queued",
  statusReason: "concurrency_limit",
  input: { tenant: "acme" },
  output: null,
  error: null,
  progress: null,
  createdAt: 0,
  startedAt: null,
  endedAt: null,
  tags: [],
  attempt: 1,
};

test.each([
  [{ by: "concurrency", path: "input.tenant", key: "acme" }, "concurrency of input.tenant = acme"],
  [{ by: "throttle", path: null, key: null }, "throttle"],
  [{ by: "queue", path: null, key: "mails" }, "queue mails, which is paused"],
])("what holds a run back is said with the value of its key: %p", (hold, words) => {
  expect(describeRun({ ...run, hold })).toContain(`  held back by ${words}`);
});

test("one that nothing holds back says nothing of it", () => {
  expect(describeRun({ ...run, hold: null }).join("\n")).not.toContain("held back");
});

test("a start that made no run of its own says so", () => {
  expect(becameOf({ created: true })).toEqual([]);
  expect(becameOf({ created: false })).toEqual(["This was started before:"]);
  expect(becameOf({ created: false, joined: "debounced" })).toEqual(["Part of a run that was there (debounced):"]);
});

test("attributes that are times are shown as times", () => {
  const shown = { ...run, attributes: { due: 0, n: 0 }, attributeTypes: { due: "time", n: "number" } };
  expect(describeRun(shown)).toContain("  attributes due=1970-01-01T00:00:00Z  n=0");
});

test("attributes and the run it went on as have lines of their own", () => {
  const lines = describeRun({ ...run, attributes: { amount: 7, vip: true }, continuedTo: "run_2" });
  expect(lines).toContain("  attributes amount=7  vip=true");
  expect(lines).toContain("  went on as run_2");
});
