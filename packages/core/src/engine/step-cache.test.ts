// Cached steps end to end: a result made once serves other runs, through crashes, and one run at a time makes it where wanted.
import { describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import type { StepCache } from "@sluice/sdk";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, pass, rest } from "./engine-fixture.suite.ts";

function rates(options: Partial<StepCache> = {}) {
  const made: string[] = [];
  const gates: (() => void)[] = [];
  const cached = workflow({ name: "rates" }, async (ctx, input: { id: string; held?: boolean; fails?: boolean }) =>
    ctx.step(
      "rate",
      async () => {
        made.push(input.id);
        if (input.held === true) await new Promise<void>((resolve) => gates.push(resolve));
        if (input.fails === true) throw new Error("no rate");
        return `rate of ${input.id}`;
      },
      { cache: { key: "eur", ttl: "1h", ...options } },
    ),
  );
  /** Lets what is held go on, as soon as something is. */
  const open = async (): Promise<void> => {
    while (gates.length === 0) await rest(1);
    for (const gate of gates.splice(0)) gate();
  };
  return { cached, made, open };
}

describe("a cached step", () => {
  test("is made once and found by other runs, until its time has passed", async () => {
    const clock = new SimulatedClock(1_000);
    const { cached, made } = rates();
    const f = await EngineFixture.start({ workflows: [cached], clock });
    expect((await f.result(cached, { id: "a" })).output).toBe("rate of a");
    expect((await f.result(cached, { id: "b" })).output).toBe("rate of a");
    clock.advance(3_600_000);
    expect((await f.result(cached, { id: "c" })).output).toBe("rate of c");
    expect(made).toEqual(["a", "c"]);
  });

  test("is found after a crash, by the next process", async () => {
    const { cached, made } = rates();
    const f = await EngineFixture.start({ workflows: [cached] });
    await f.result(cached, { id: "a" });
    f.crash();
    const next = await EngineFixture.start({ workflows: [cached], store: f.store });
    expect((await next.result(cached, { id: "b" })).output).toBe("rate of a");
    expect(made).toEqual(["a"]);
  });

  test("that fails keeps nothing", async () => {
    const { cached, made } = rates();
    const f = await EngineFixture.start({ workflows: [cached] });
    expect((await f.result(cached, { id: "a", fails: true })).status).toBe("failed");
    expect((await f.result(cached, { id: "b" })).output).toBe("rate of b");
    expect(made).toEqual(["a", "b"]);
  });

  test("keeps what a later attempt made", async () => {
    let attempts = 0;
    const flaky = workflow({ name: "flaky" }, async (ctx) =>
      ctx.step(
        "rate",
        () => {
          if (++attempts === 1) throw new Error("not yet");
          return attempts;
        },
        { cache: { key: "k", ttl: "1h" }, retry: { attempts: 2, delay: 0 } },
      ),
    );
    const f = await EngineFixture.start({ workflows: [flaky] });
    expect((await f.result(flaky)).output).toBe(2);
    expect((await f.result(flaky)).output).toBe(2);
    expect(attempts).toBe(2);
  });

  test("with single flight is made by one run while the others wait", async () => {
    const { cached, made, open } = rates({ singleFlight: true });
    const f = await EngineFixture.start({ workflows: [cached], workerLimits: { parkAfterMs: 0 } });
    const first = await f.run(cached, { id: "a", held: true });
    const others = await Promise.all(["b", "c", "d"].map((id) => f.run(cached, { id })));
    for (const run of others) await f.until(run, "waiting", "waiting_for_cache");
    await open();
    for (const run of [first, ...others]) expect((await f.ended(run)).output).toBe("rate of a");
    expect(made).toEqual(["a"]);
  });

  test("with single flight is made by the next one when the first fails", async () => {
    const { cached, made, open } = rates({ singleFlight: true });
    const f = await EngineFixture.start({ workflows: [cached] });
    const first = await f.run(cached, { id: "a", held: true, fails: true });
    const others = await Promise.all(["b", "c"].map((id) => f.run(cached, { id })));
    for (const run of others) await f.until(run, "waiting", "waiting_for_cache");
    await open();
    expect((await f.ended(first)).status).toBe("failed");
    for (const run of others) expect((await f.ended(run)).output).toBe("rate of b");
    expect(made).toEqual(["a", "b"]);
  });

  test("with single flight is made by the run that makes it after a crash, and the others still wait", async () => {
    const { cached, made, open } = rates({ singleFlight: true });
    const f = await EngineFixture.start({ workflows: [cached] });
    const first = await f.run(cached, { id: "a", held: true });
    const other = await f.run(cached, { id: "b" });
    await f.until(other, "waiting");
    f.crash();
    const next = await EngineFixture.start({ workflows: [cached], store: f.store });
    await open();
    await open();
    expect((await next.ended(other)).output).toBe("rate of a");
    expect((await next.ended(first)).output).toBe("rate of a");
    expect(made).toEqual(["a", "a"]);
  });

  test("with single flight waits as long as it says, then makes its own", async () => {
    const clock = new SimulatedClock(1_000);
    const { cached, open } = rates({ singleFlight: { wait: "5s" } });
    const f = await EngineFixture.start({ workflows: [cached], clock });
    const first = await f.run(cached, { id: "a", held: true });
    const other = await f.run(cached, { id: "b" });
    await f.until(other, "waiting");
    await pass(clock, 5_000);
    expect((await f.ended(other)).output).toBe("rate of b");
    await open();
    expect((await f.ended(first)).output).toBe("rate of a");
  });

  test("in two branches of one run is made once", async () => {
    let made = 0;
    const twice = workflow({ name: "twice" }, async (ctx) => {
      const once = () => ctx.step("s", async () => ++made, { cache: { key: "k", ttl: "1h", singleFlight: true } });
      return Promise.all([once(), once()]);
    });
    const f = await EngineFixture.start({ workflows: [twice] });
    expect((await f.result(twice)).output).toEqual([1, 1]);
  });

  test("is cancelled while it waits", async () => {
    const { cached, open } = rates({ singleFlight: true });
    const f = await EngineFixture.start({ workflows: [cached] });
    const first = await f.run(cached, { id: "a", held: true });
    const other = await f.run(cached, { id: "b" });
    await f.until(other, "waiting");
    await f.engine.operations.cancel({ by: { kind: "user", id: "ada" }, run: other });
    expect((await f.ended(other)).status).toBe("cancelled");
    await open();
    expect((await f.ended(first)).status).toBe("completed");
  });

  test("is refused with an undo, and with a key that is none", async () => {
    const bad = workflow({ name: "bad" }, async (ctx, key: string) =>
      ctx.step("s", () => 1, { cache: { key, ttl: "1h" }, ...(key === "k" ? { undo: () => undefined } : {}) }),
    );
    const f = await EngineFixture.start({ workflows: [bad] });
    for (const key of ["k", "", "x".repeat(513)]) {
      expect(await f.result(bad, key)).toMatchObject({ status: "failed", error: { code: "bad_request" } });
    }
  });
});
