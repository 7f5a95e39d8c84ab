// Intervals and polls start runs by themselves, and limits hold them back: once for each tick and each id, across restarts, until they are taken away.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { makeProgram } from "./program-fixture.suite.ts";
import type { TestProgram } from "./program-fixture.suite.ts";

let program: TestProgram;
/** Times and polls are at least a second apart. */
const timeoutMs = 30_000;

beforeEach(() => {
  program = makeProgram();
});
afterEach(async () => program[Symbol.asyncDispose]());

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => void setTimeout(resolve, 2));
}

/** The same data with the program started anew. */
async function again(define: (cronflow: TestProgram["cronflow"]) => void): Promise<void> {
  await program.cronflow.stop();
  program = makeProgram(program.folder);
  define(program.cronflow);
  await program.start();
}

describe("an interval", () => {
  test(
    "starts runs again and again, goes on after a restart, and ends when it is taken away",
    async () => {
      const ticks: string[] = [];
      const define = (cronflow: TestProgram["cronflow"]): void =>
        void cronflow
          .define({ id: "beat" })
          .onInterval("1s")
          .step("tick", (c) => void ticks.push(c.trigger.type));
      define(program.cronflow);
      await program.start();
      await until(() => ticks.length >= 1);
      expect(new Set(ticks)).toEqual(new Set(["interval"]));
      await again(define);
      const before = ticks.length;
      await until(() => ticks.length >= before + 1);
      expect(await program.cronflow.getTriggerStats()).toMatchObject({ interval_triggers: 1 });
      await program.cronflow.unregisterWorkflowTriggers("beat");
      expect(await program.cronflow.getTriggerStats()).toMatchObject({ total_triggers: 0 });
    },
    timeoutMs,
  );
});

describe("limits", () => {
  test("so many runs go on at the same time; the others are queued until there is room", async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    program.cronflow.define({ id: "one", concurrency: 1 }).step("wait", async (c) => gates[c.payload]?.promise);
    await program.start();
    const first = await program.cronflow.trigger("one", 0);
    const second = await program.cronflow.trigger("one", 1);
    await program.until(first, "running");
    expect((await program.cronflow.inspect(second)).status).toBe("queued");
    expect(await program.cronflow.getConcurrencyStats("one")).toMatchObject({ running: 1, queued: 1, limit: 1 });
    gates[0]?.resolve();
    await program.until(first, "completed");
    await program.until(second, "running");
    gates[1]?.resolve();
    await program.until(second, "completed");
  });

  test("so many runs begin in a time; what goes past that waits", async () => {
    program.cronflow.define({ id: "rate", rateLimit: { count: 2, per: "1h" }, queue: "slow" }).step("a", () => 1);
    await program.start();
    const ids = await Promise.all([1, 2, 3].map(async () => program.cronflow.trigger("rate")));
    const completed = async (): Promise<number> => {
      const runs = await Promise.all(ids.map(async (id) => program.cronflow.inspect(id)));
      return runs.filter(({ status }) => status === "completed").length;
    };
    while ((await completed()) < 2) await new Promise((resolve) => void setTimeout(resolve, 2));
    expect(await program.cronflow.getConcurrencyStats("rate")).toMatchObject({ running: 0, queued: 1 });
  });
});

describe("a poll", () => {
  test(
    "starts one run for each id, whatever it finds again; failures do not end it",
    async () => {
      const seen: unknown[] = [];
      let looks = 0;
      const define = (cronflow: TestProgram["cronflow"]): void =>
        void cronflow
          .define({ id: "mail" })
          .onPoll(
            ({ workflowId }) => {
              if (++looks === 2) throw new Error("no network");
              return ["a", "b"].map((id) => ({ id, payload: { id, workflowId } }));
            },
            { interval: "1s" },
          )
          .step("read", (c) => void seen.push([c.payload.id, c.payload.workflowId, c.trigger.type]));
      define(program.cronflow);
      await program.start();
      await until(() => looks >= 3 && seen.length >= 2);
      await again(define);
      const before = looks;
      await until(() => looks >= before + 1);
      expect(seen).toEqual([
        ["a", "mail", "poll"],
        ["b", "mail", "poll"],
      ]);
    },
    timeoutMs,
  );
});
