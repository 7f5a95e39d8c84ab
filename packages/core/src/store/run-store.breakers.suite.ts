// Circuit breakers: entered through their own verb, taught by the attempts that went through.
import { describe, expect, test } from "bun:test";
import { encodeError, encodeValue } from "@sluice/protocol";
import type { BreakerMark, DoneOp, RetryOp } from "@sluice/protocol";
import { outside } from "./audit-log.fixture.suite.ts";
import { start, withStore, type MakeStore } from "./run-store.fixture.suite.ts";
import { engineItself } from "../kernel/inner-actor.ts";

const plan = { name: "payments", threshold: 2, recovery: 100, probes: 1 };

function done(seq: number, outcome: BreakerMark["outcome"], round = 0): DoneOp {
  const result = outcome === "ok" ? { value: encodeValue(1) } : { error: encodeError(new Error("no answer")) };
  const breaker = { ...plan, round, outcome };
  return { op: "done", kind: "step", seq, name: "pay", n: seq, at: start, attempt: 1, ...result, breaker };
}

function retry(seq: number): RetryOp {
  const error = encodeError(new Error("no answer, again"));
  const breaker = { ...plan, round: 0, outcome: "failed" } as const;
  return { op: "retry", kind: "step", seq, name: "pay", n: seq, at: start, attempt: 1, error, delay: 10, breaker };
}

export function breakersSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: breakers`, () => {
    const desk = withStore(makeStore);
    const enter = () => desk.store.enterBreaker({ by: engineItself, plan, now: desk.now });
    const list = () => desk.store.listBreakers();

    test("are made when they are met, and learn from every attempt, in the commit of the attempt", async () => {
      expect(await enter()).toEqual({ outcome: "in", round: 0 });
      const { id } = await desk.hot("r1");
      await desk.append(id, retry(0));
      expect(await list()).toMatchObject([
        { name: "payments", state: "closed", failures: 1, error: "no answer, again", plan },
      ]);
      await desk.append(id, done(1, "failed"));
      expect(await list()).toMatchObject([
        { state: "open", failures: 2, error: "no answer", openUntil: desk.now + 100 },
      ]);
      expect(await enter()).toEqual({ outcome: "open", retryAt: desk.now + 100 });
    });

    test("learn nothing from an incarnation that is not the current one", async () => {
      await enter();
      const { id } = await desk.hot("r1");
      expect(await desk.store.append({ by: engineItself, run: id, epoch: 7, ops: [retry(0)], now: desk.now })).toEqual({
        outcome: "stale",
      });
      expect(await list()).toMatchObject([{ failures: 0 }]);
    });

    test("are closed by the success of what they let in when their time has come", async () => {
      await enter();
      const { id } = await desk.hot("r1");
      await desk.append(id, done(0, "failed"), done(1, "failed"));
      const later = desk.now + 100;
      expect(await desk.store.enterBreaker({ by: engineItself, plan, now: later })).toEqual({
        outcome: "in",
        round: 1,
      });
      expect(await desk.store.enterBreaker({ by: engineItself, plan, now: later })).toEqual({
        outcome: "open",
        retryAt: later + 100,
      });
      await desk.append(id, done(2, "ok", 1));
      expect(await list()).toMatchObject([{ state: "closed", failures: 0, round: 2 }]);
    });

    test("can be closed by hand, which is written down", async () => {
      await enter();
      const { id } = await desk.hot("r1");
      await desk.append(id, done(0, "failed"), done(1, "failed"));
      const reset = (breaker: string) => desk.store.resetBreaker({ by: outside, name: breaker, now: desk.now });
      expect([await reset("payments"), await reset("nothing")]).toEqual([{ outcome: "ok" }, { outcome: "not_found" }]);
      expect(await enter()).toEqual({ outcome: "in", round: 2 });
      const { records } = await desk.store.audit.searchAudit({ filter: { action: "breaker:*" }, limit: 10 });
      expect(records.map(({ target, outcome, before }) => [target, outcome, before])).toEqual([
        ["breaker:nothing", "refused", undefined],
        ["breaker:payments", "done", undefined],
      ]);
    });
  });
}
