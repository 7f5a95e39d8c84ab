import { expect, test } from "bun:test";
import fc from "fast-check";
import type { BreakerMark, BreakerPlan } from "@sluice/protocol";
import type { BreakerRecord } from "../kernel/breaker-store.ts";
import { closed, enter, leave } from "./breaker-rules.ts";

const plan: BreakerPlan = { name: "a", threshold: 2, recovery: 100, probes: 1 };

/** A breaker, and attempts that go through it. */
class Bench {
  row: BreakerRecord | undefined;
  now = 1_000;

  enter(more: Partial<BreakerPlan> = {}) {
    const { answer, row } = enter(this.row, { ...plan, ...more }, this.now);
    this.row = row ?? this.row;
    return answer;
  }

  leave(outcome: BreakerMark["outcome"], round: number, more: Partial<BreakerPlan> = {}): void {
    const mark = { ...plan, ...more, round, outcome };
    this.row = leave(this.row, { mark, error: "no answer", now: this.now }) ?? this.row;
  }

  fail(times: number): void {
    for (let i = 0; i < times; i++) {
      const answer = this.enter();
      if (answer.outcome === "in") this.leave("failed", answer.round);
    }
  }
}

test("it opens after so many failures in a row, and a success in between begins anew", () => {
  const bench = new Bench();
  bench.fail(1);
  expect(bench.enter()).toEqual({ outcome: "in", round: 0 });
  bench.leave("ok", 0);
  bench.fail(1);
  expect(bench.row).toMatchObject({ state: "closed", failures: 1 });
  bench.fail(1);
  expect(bench.row).toMatchObject({
    state: "open",
    openUntil: 1_100,
    opened: 1,
    round: 1,
    error: "no answer",
    failedAt: 1_000,
  });
  expect(bench.enter()).toEqual({ outcome: "open", retryAt: 1_100 });
});

test("what says nothing about it does not count", () => {
  const bench = new Bench();
  bench.fail(1);
  bench.enter();
  bench.leave("ignored", 0);
  expect(bench.row).toMatchObject({ state: "closed", failures: 1 });
});

test("when its time has come one attempt is let in, and its success closes it", () => {
  const bench = new Bench();
  bench.fail(2);
  bench.now = 1_100;
  expect(bench.enter()).toEqual({ outcome: "in", round: 1 });
  expect(bench.enter()).toEqual({ outcome: "open", retryAt: 1_200 });
  bench.leave("ok", 1);
  expect(bench.row).toMatchObject({ state: "closed", failures: 0, round: 2, openUntil: 0 });
});

test("a failure of that attempt opens it again at once", () => {
  const bench = new Bench();
  bench.fail(2);
  bench.now = 1_150;
  bench.fail(1);
  expect(bench.row).toMatchObject({ state: "open", openUntil: 1_250, opened: 2 });
});

test("an attempt that is never heard of again does not keep it half-open for ever", () => {
  const bench = new Bench();
  bench.fail(2);
  bench.now = 1_100;
  bench.enter();
  bench.now = 1_200;
  expect(bench.enter()).toEqual({ outcome: "in", round: 1 });
  bench.leave("ignored", 1);
  expect(bench.enter()).toEqual({ outcome: "in", round: 1 });
});

test("as many as it may are let in while it is half-open", () => {
  const bench = new Bench();
  bench.fail(2);
  bench.now = 1_100;
  const outcomes = [1, 2, 3].map(() => bench.enter({ probes: 2 }).outcome);
  expect(outcomes).toEqual(["in", "in", "open"]);
});

test("an outcome from before it changed counts no more", () => {
  const bench = new Bench();
  const early = bench.enter();
  bench.fail(2);
  bench.now = 1_100;
  bench.enter();
  if (early.outcome === "in") bench.leave("ok", early.round);
  expect(bench.row?.state).toBe("half_open");
  if (bench.row !== undefined) bench.row = closed(bench.row, bench.now);
  bench.leave("failed", 1);
  expect(bench.row).toMatchObject({ state: "closed", failures: 0 });
});

test("whatever comes, in whatever order: open lets nothing in before its time, and half-open no more than it may", () => {
  const action = fc.record({
    what: fc.constantFrom(
      "enter" as const,
      "ok" as const,
      "failed" as const,
      "ignored" as const,
      "pass" as const,
      "reset" as const,
    ),
    which: fc.nat(5),
    ms: fc.integer({ min: 1, max: 150 }),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
      const bench = new Bench();
      const held: number[] = [];
      for (const { what, which, ms } of actions) {
        const before = bench.row;
        if (what === "pass") bench.now += ms;
        else if (what === "reset") bench.row = before === undefined ? undefined : closed(before, bench.now);
        else if (what === "enter") {
          const answer = bench.enter();
          if (answer.outcome === "in") held.push(answer.round);
          if (before?.state === "open" && bench.now < before.openUntil) expect(answer.outcome).toBe("open");
          if (before === undefined || before.state === "closed") expect(answer.outcome).toBe("in");
          if (answer.outcome === "open") expect(answer.retryAt).toBeGreaterThan(bench.now);
        } else {
          const [round] = held.splice(which % Math.max(1, held.length), 1);
          if (round !== undefined) bench.leave(what, round);
        }
        const row = bench.row;
        if (row === undefined) continue;
        expect(row.probes).toBeGreaterThanOrEqual(0);
        expect(row.probes).toBeLessThanOrEqual(plan.probes);
        if (row.state === "closed") expect(row.failures).toBeLessThan(plan.threshold);
      }
    }),
  );
});
