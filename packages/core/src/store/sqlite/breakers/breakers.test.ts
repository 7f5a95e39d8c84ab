import { expect, test } from "bun:test";
import type { BreakerRecord } from "../../../kernel/breaker-store.ts";
import { join } from "node:path";
import { encodeError } from "@sluice/protocol";
import type { RetryOp } from "@sluice/protocol";
import { engineItself } from "../../../kernel/inner-actor.ts";
import { ada, engine, start } from "../../run-store.fixture.suite.ts";
import { newRun, unexpected, withBench, withFolders } from "../sqlite-store.fixture.suite.ts";
import { openSqliteStore } from "../sqlite-run-store.ts";

const bench = withBench();
const folders = withFolders();
const row: BreakerRecord = {
  name: "a",
  state: "open",
  failures: 3,
  round: 7,
  openUntil: start + 5,
  probes: 1,
  probedAt: start,
  opened: 4,
  changedAt: start + 1,
  failedAt: start + 2,
  error: "no answer",
  plan: { name: "a", threshold: 3, recovery: 5, probes: 1 },
};

test("a row comes back as it was put, with an error and without", () => {
  const { breakers } = bench.on.t;
  breakers.put(row);
  expect(breakers.get("a")).toEqual(row);
  const { error: _error, ...rest } = row;
  breakers.put({ ...rest, state: "closed" });
  expect([breakers.get("a"), breakers.count()]).toEqual([{ ...rest, state: "closed" }, 1]);
});

test("an outcome that changes nothing writes nothing", () => {
  const { breakers } = bench.on.t;
  breakers.put(row);
  const before = bench.on.changes;
  breakers.record({ ...row.plan, round: 6, outcome: "failed" }, { error: "late", now: start + 9 });
  breakers.record({ ...row.plan, name: "unknown", round: 0, outcome: "failed" }, { error: "x", now: start });
  expect(bench.on.changes).toBe(before);
});

test("one that is open is so for the next process on the same files", async () => {
  const file = join(folders.next(), "state.db");
  const plan = { name: "payments", threshold: 1, recovery: 100, probes: 1 };
  const enter = { by: engineItself, plan, now: start } as const;
  const first = await openSqliteStore({ file, onFatal: unexpected });
  expect(await first.enterBreaker(enter)).toEqual({ outcome: "in", round: 0 });
  await first.createRun({ by: ada, run: newRun("r1"), claim: { owner: engine }, now: start });
  // prettier-ignore
  const failed: RetryOp = { op: "retry", kind: "step", seq: 0, name: "pay", n: 0, at: start, attempt: 1, delay: 10,
    error: encodeError(new Error("no answer")), breaker: { ...plan, round: 0, outcome: "failed" } };
  await first.append({ by: engineItself, run: "r1", epoch: 1, ops: [failed], now: start });
  const before = await first.listBreakers();
  await first.close();
  const next = await openSqliteStore({ file, onFatal: unexpected });
  expect(await next.enterBreaker(enter)).toEqual({ outcome: "open", retryAt: start + 100 });
  expect(await next.listBreakers()).toEqual(before);
  expect(before).toMatchObject([{ name: "payments", state: "open", error: "no answer" }]);
  await next.close();
});
