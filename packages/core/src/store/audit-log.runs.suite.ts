// What the audit trail says of runs, events, approvals, schedules and state.
import { describe, expect, test } from "bun:test";
import { encodeBlobRef } from "../kernel/blob-ref.ts";
import { engineItself } from "../kernel/inner-actor.ts";
import type { ScheduleRecord } from "../kernel/run-store.ts";
import { chain, outside, said } from "./audit-log.fixture.suite.ts";
import {
  ada,
  approval,
  callback,
  fail,
  finish,
  problem,
  refusal,
  start,
  token,
  value,
  withStore,
  type Desk,
  type MakeStore,
} from "./run-store.fixture.suite.ts";

const notice = { status: "cancelled", reason: "cancelled_by_user", message: "no" } as const;
const schedule: Omit<ScheduleRecord, "paused" | "handledUntil"> = {
  id: "nightly",
  workflow: "report",
  cron: "0 0 * * *",
  timezone: "UTC",
  input: value(null),
  catchUp: "skip",
  catchUpMax: 1,
  overlap: "allow",
  jitterMs: 0,
  createdAt: start,
  source: "code",
};

/** The rows since the last look. */
function trail(desk: Desk) {
  let seen = 0;
  return async () => {
    const rows = (await chain(desk.store.audit)).filter(({ seq }) => seq > seen);
    seen += rows.length;
    return rows.map(said);
  };
}

function runs(name: string, makeStore: MakeStore): void {
  describe(`${name}: the audit trail of runs`, () => {
    const desk = withStore(makeStore);

    test("says who asked, from where and when, and only of those who came from outside", async () => {
      await desk.create("r1");
      await desk.store.pauseRun({ by: ada, run: "r1", now: start });
      await desk.store.deleteRuns({ by: { ...ada }, runs: ["r1"], now: start });
      await desk.store.setState({ by: ada, scope: "global", key: "k", value: value(1), now: start });
      expect(await chain(desk.store.audit)).toEqual([]);
      await desk.store.resumeRun({ by: outside, run: "r1", now: start + 4 });
      expect(await chain(desk.store.audit)).toMatchObject([{ at: start + 4, by: outside, action: "run:resume" }]);
    });

    test("a start: what was started, found or refused; the run itself knows no origin", async () => {
      const next = trail(desk);
      const begin = (id: string, more: object = {}) =>
        desk.store.createRun({ by: outside, run: desk.newRun(id, more), now: start });
      const created = await begin("r1", { key: "k", inputHash: "h", tags: ["eu"], dueAt: start + 5 });
      const bytes = value({ id: "r1" }).length;
      expect(await next()).toEqual([
        {
          action: "run:start",
          target: "run:r1",
          workflow: "order",
          outcome: "done",
          after: { version: "v1", key: "k", tags: ["eu"], inputBytes: bytes, dueAt: start + 5 },
        },
      ]);
      await begin("r2", { key: "k", inputHash: "h" });
      await begin("r3", { key: "k", inputHash: "other" });
      await begin("r1", { key: "other" });
      const refused = { action: "run:start", target: "run:r1", workflow: "order", outcome: "refused" };
      expect(await next()).toEqual([
        { ...refused, outcome: "done", reason: "existing" },
        { ...refused, reason: "idempotency_conflict" },
        { ...refused, reason: "run_id_taken" },
      ]);
      const bare = { kind: "user", id: "ada" } as const;
      expect(created.outcome === "created" ? created.run.by : undefined).toEqual(bare);
      expect((await desk.run("r1")).by).toEqual(bare);
    });

    test("an import: what was brought, and what was refused", async () => {
      const next = trail(desk);
      const run = { ...desk.newRun("r1", { key: "k" }), endedAt: start + 5, attempt: 1, generation: 0 };
      const bring = (id: string, key: string) =>
        desk.store.importRun({
          by: outside,
          run: { ...run, id, key, status: "completed" },
          journal: [],
          logs: [],
          now: start + 9,
        });
      await bring("r1", "k");
      await bring("r1", "other");
      await bring("r2", "k");
      const shown = { action: "run:import", target: "run:r1", workflow: "order", outcome: "done" };
      const after = { status: "completed", version: "v1", createdAt: start, endedAt: start + 5, key: "k", entries: 0 };
      expect(await next()).toEqual([
        { ...shown, after },
        { ...shown, outcome: "refused", reason: "run_id_taken" },
        { ...shown, target: "run:r2", outcome: "refused", reason: "idempotency_conflict" },
      ]);
    });

    test("what operators do to a run: how it was, how it is, and why not", async () => {
      const next = trail(desk);
      await desk.create("r1");
      const p = { by: outside, run: "r1", now: start + 1 };
      const shown = { action: "run:pause", target: "run:r1", workflow: "order", outcome: "done" };
      const state = (status: string, attempt = 1, version = "v1") => ({ status, attempt, version });
      await desk.store.pauseRun(p);
      await desk.store.resumeRun(p);
      await desk.store.resumeRun(p);
      await desk.store.retryRun(p);
      await desk.store.cancelRun({ ...p, notice, error: problem("no") });
      await desk.store.cancelRun({ ...p, notice, error: problem("no") });
      await desk.store.pauseRun(p);
      await desk.store.retryRun({ ...p, version: "v2" });
      await desk.store.cancelRun({ ...p, run: "none", notice, error: problem("no") });
      const [queued, paused, ended] = [state("queued"), state("paused"), state("cancelled")];
      expect(await next()).toEqual([
        { ...shown, before: queued, after: paused },
        { ...shown, action: "run:resume", before: paused, after: queued },
        { ...shown, action: "run:resume", before: queued, outcome: "refused", reason: "run_not_paused" },
        { ...shown, action: "run:retry", before: queued, outcome: "refused", reason: "run_not_final" },
        { ...shown, action: "run:cancel", before: queued, after: ended, reason: "cancelled_by_user" },
        { ...shown, action: "run:cancel", before: ended, outcome: "refused", reason: "run_is_final" },
        { ...shown, before: ended, outcome: "refused", reason: "conflict" },
        { ...shown, action: "run:retry", before: ended, after: state("queued", 2, "v2") },
        { action: "run:cancel", target: "run:none", outcome: "refused", reason: "run_not_found" },
      ]);
    });

    test("a fork names its origin, a deletion every run", async () => {
      const next = trail(desk);
      await desk.hot("r1");
      await desk.append("r1", fail());
      await desk.hot("r2");
      await desk.store.forkRun({ by: outside, from: "r1", before: 3, run: desk.newRun("r3"), now: start });
      await desk.store.forkRun({ by: outside, from: "none", run: desk.newRun("r4"), now: start });
      const gone = await desk.store.deleteRuns({ by: outside, runs: ["r1", "r2", "none"], now: start + 7 });
      expect(gone).toEqual({ deleted: ["r1"] });
      const deletion = { action: "run:delete", target: "run:r1", workflow: "order", outcome: "done" };
      expect(await next()).toEqual([
        {
          action: "run:fork",
          target: "run:r3",
          workflow: "order",
          outcome: "done",
          after: { from: "r1", before: 3, version: "v1" },
        },
        { action: "run:fork", target: "run:none", outcome: "refused", reason: "run_not_found" },
        { ...deletion, before: { status: "failed", attempt: 1, version: "v1" } },
        { ...deletion, target: "run:r2", outcome: "refused", reason: "run_not_final" },
        { action: "run:delete", target: "run:none", outcome: "refused", reason: "run_not_found" },
      ]);
    });

    test("a verb that fails leaves no row, and those around it do", async () => {
      const next = trail(desk);
      await desk.hot("w");
      const emit = (payload: Uint8Array) => desk.store.emitEvent({ by: outside, name: "go", payload, now: start });
      await desk.append("w", { op: "event", seq: 0, name: "go", n: 0, match: value({ a: 1 }) });
      const made = [emit(value(1)), refusal(emit(new Uint8Array([0xc7]))), emit(value(2))];
      expect((await Promise.all(made))[1] === "it was not refused").toBe(false);
      expect(await next()).toMatchObject([{ after: { event: 1 } }, { after: { event: 2 } }]);
    });
  });
}

function others(name: string, makeStore: MakeStore): void {
  describe(`${name}: the audit trail of what runs share`, () => {
    const desk = withStore(makeStore);

    test("events by name, without their payload", async () => {
      const next = trail(desk);
      const emit = (id?: string) =>
        desk.store.emitEvent({
          by: outside,
          name: "paid",
          key: "k1",
          payload: value("private"),
          now: start,
          ...(id === undefined ? {} : { id }),
        });
      await emit("e");
      await emit("e");
      const after = { event: 1, key: "k1", payloadBytes: value("private").length };
      const row = { action: "event:send", target: "event:paid", outcome: "done", after };
      expect(await next()).toEqual([row, { ...row, reason: "duplicate" }]);
    });

    test("decisions and callbacks on their run, without the token", async () => {
      const next = trail(desk);
      await desk.hot("r1");
      const [secret, other] = ["token-9f8e7d", "token-5a4b3c"];
      await desk.append("r1", approval(0, secret), token(1, other), callback(2, other));
      const complete = (kind: "approval" | "callback", name_: string, more: object = {}) =>
        desk.store.completeToken({ by: outside, token: name_, kind, now: start, ...more });
      const decision = { approved: true, by: "ada" };
      await complete("approval", secret, { value: value(decision) });
      await complete("approval", secret, { value: value(decision) });
      await complete("callback", other, { error: problem("bounced") });
      await complete("callback", "token-unknown", { value: value(1) });
      const row = { action: "approval:decide", target: "run:r1", workflow: "order", outcome: "done" };
      const given = { bytes: value(decision).length, value: decision };
      expect(await next()).toEqual([
        { ...row, after: { name: "manager", ...given } },
        { ...row, outcome: "refused", reason: "token_used" },
        { ...row, action: "callback:complete", after: { name: "paid", failed: true } },
        { action: "callback:complete", target: "callback:unknown", outcome: "refused", reason: "token_unknown" },
      ]);
      const all = JSON.stringify(await chain(desk.store.audit));
      expect(/token-(?:9f8e7d|5a4b3c|unknown)/.exec(all)?.[0]).toBeUndefined();
    });

    test("state with its versions, and its values where they are short", async () => {
      const next = trail(desk);
      const set = (bytes: Uint8Array, more: object = {}) =>
        desk.store.setState({ by: outside, scope: "global", key: "ci/a", value: bytes, now: start, ...more });
      const large = value("x".repeat(2_000));
      const blob = encodeBlobRef("ab".repeat(32));
      await set(value({ n: 1 }));
      await set(large, { expiresAt: start + 9 });
      await set(blob, { ifVersion: 7 });
      await set(blob);
      const remove = (key: string, scope = "workflow:order", ifVersion?: number) => {
        const version = ifVersion === undefined ? {} : { ifVersion };
        return desk.store.deleteState({ by: outside, scope, key, now: start, ...version });
      };
      await remove("ci/a", "global", 1);
      await remove("ci/a", "global");
      await remove("gone");
      const row = { action: "state:write", target: "state:global/ci/a", outcome: "done" };
      const small = { version: 1, bytes: value({ n: 1 }).length, value: { n: 1 } };
      const grown = { version: 2, bytes: large.length };
      const kept = { version: 3, bytes: blob.length };
      const gone = { ...row, action: "state:delete" };
      expect(await next()).toEqual([
        { ...row, after: small },
        { ...row, before: small, after: { ...grown, expiresAt: start + 9 } },
        { ...row, before: grown, outcome: "refused", reason: "state_version_conflict" },
        { ...row, before: grown, after: kept },
        { ...gone, before: kept, outcome: "refused", reason: "state_version_conflict" },
        { ...gone, before: kept },
        { ...gone, target: "state:workflow:order/gone", workflow: "order", outcome: "refused", reason: "not_found" },
      ]);
    });

    test("kept results that were cleared", async () => {
      const next = trail(desk);
      await desk.store.clearStepCache({
        by: outside,
        filter: { scope: "workflow:order", step: "s" },
        limit: 9,
        now: start,
      });
      await desk.store.clearStepCache({ by: outside, filter: {}, limit: 9, now: start });
      expect(await next()).toEqual([
        {
          action: "step-cache:clear",
          target: "step-cache:workflow:order",
          workflow: "order",
          outcome: "done",
          after: { step: "s", cleared: 0 },
        },
        { action: "step-cache:clear", target: "step-cache:*", outcome: "done", after: { cleared: 0 } },
      ]);
    });

    test("schedules: declared, paused, resumed", async () => {
      const next = trail(desk);
      await desk.store.putSchedules({ by: outside, workflows: ["report"], schedules: [schedule], now: start });
      const pause = (id: string, paused: boolean) =>
        desk.store.setSchedulePaused({ by: outside, schedule: id, paused, now: start });
      await pause("nightly", true);
      await pause("nightly", false);
      await pause("none", true);
      const row = { action: "schedule:pause", target: "schedule:nightly", workflow: "report", outcome: "done" };
      expect(await next()).toEqual([
        {
          action: "schedule:declare",
          target: "schedule:*",
          outcome: "done",
          after: { workflows: ["report"], schedules: ["nightly"] },
        },
        { ...row, before: { paused: false }, after: { paused: true } },
        { ...row, action: "schedule:resume", before: { paused: true }, after: { paused: false } },
        { action: "schedule:pause", target: "schedule:none", outcome: "refused", reason: "schedule_not_found" },
      ]);
    });

    test("what a run does itself is in its journal, not here", async () => {
      await desk.hot("r1");
      await desk.append("r1", finish());
      await desk.store.purgeRuns({ by: engineItself, workflow: "order", keep: 0, limit: 9 });
      await desk.store.sweep({ by: engineItself, now: start, eventsBefore: start, limit: 9 });
      expect(await chain(desk.store.audit)).toEqual([]);
    });
  });
}

export function auditedRunsSuite(name: string, makeStore: MakeStore): void {
  runs(name, makeStore);
  others(name, makeStore);
}
