// Audit rows about builds and workers: what was asked for, and what became of it.
import { expect, test } from "bun:test";
import { outside } from "../audit-log.fixture.suite.ts";
import { start, value } from "../run-store.fixture.suite.ts";
import { buildRules } from "./build-rules.ts";

const build = {
  id: "b",
  target: "web#build",
  options: value({}),
  on: { capabilities: [], labels: ["gpu"] },
  createdAt: start,
};

test("a build says what is built and where, and nothing of its options", () => {
  const finish = buildRules.createBuild({ by: outside, build, queuedMax: 1 }, {} as never);
  expect(finish({ outcome: "full" })).toMatchObject({ outcome: "refused", reason: "builds_full" });
  expect(finish({ outcome: "ok" } as never)).toEqual({
    at: start,
    action: "build:start",
    target: "build:b",
    outcome: "done",
    after: { target: "web#build", on: { capabilities: [], labels: ["gpu"] } },
  });
});

test("a worker that comes back with its own token is no news", () => {
  const p = { by: outside, worker: "w", token: "tkn_1", credentialHash: "secret", now: start };
  const finish = buildRules.bindWorker(p, {} as never);
  expect(finish({ outcome: "bound" } as never)).toEqual([]);
  expect(JSON.stringify(finish({ outcome: "ok" } as never))).not.toContain("secret");
});
