// Steps of flows behind circuit breakers: the engine's own, with the defaults that chained calls have.
import { describe, expect, test } from "bun:test";
import { testEngine } from "sluice/testing";
import type { TestEngine } from "sluice/testing";
import { NonRetryableError } from "../errors.ts";
import { FlowWorkflow } from "./flow-workflow.ts";
import type { FlowHost } from "./host.ts";
import type { CronflowContext, DefineOptions } from "./types.ts";

const nothing = (): Promise<never> => Promise.reject(new Error("a step behind a breaker asks for nothing else"));
const host: FlowHost = {
  state: () => ({ get: nothing, set: nothing, incr: nothing, delete: nothing }),
  secret: nothing,
  mock: () => undefined,
};

function define(options: Partial<DefineOptions> = {}): FlowWorkflow {
  return new FlowWorkflow({ definition: { id: "flow", ...options }, host, now: () => new Date(0) });
}

async function playing<T>(flows: readonly FlowWorkflow[], play: (engine: TestEngine) => Promise<T>): Promise<T> {
  const engine = await testEngine({ workflows: flows });
  try {
    return await play(engine);
  } finally {
    await engine.close();
  }
}

describe("steps", () => {
  test("are not tried while their breaker is open", async () => {
    let tries = 0;
    const broken = { value: true };
    const flow = define().step(
      "call",
      () => {
        tries++;
        if (broken.value) throw new Error("service down");
        return "up";
      },
      { circuitBreaker: { name: "service", failureThreshold: 2, recoveryTimeout: "1m", expectedErrors: ["down"] } },
    );
    await playing([flow], async (engine) => {
      const fails = async (): Promise<string> =>
        (await engine.start(flow)).result().then(String, (error: unknown) => (error as Error).message);
      expect([await fails(), await fails(), await fails()]).toEqual([
        "service down",
        "service down",
        "The circuit breaker service is open.",
      ]);
      expect(tries).toBe(2);
      broken.value = false;
      await engine.advance("2m");
      expect([await fails(), await fails()]).toEqual(["up", "up"]);
      expect(tries).toBe(4);
    });
  });

  test("count every failure for their breaker, whichever workflow they are of, but no run that cancels itself", async () => {
    const circuitBreaker = { name: "shared", failureThreshold: 2, recoveryTimeout: "1m" } as const;
    const failing = (id: string, how: (c: CronflowContext) => never): FlowWorkflow =>
      define({ id }).step("call", how, { circuitBreaker });
    const a = failing("a", () => {
      throw new NonRetryableError("no such order");
    });
    const b = failing("b", () => {
      throw new Error("down");
    });
    const leaves = failing("leaves", (c) => c.cancel("not today"));
    await playing([a, b, leaves], async (engine) => {
      const ends = async (flow: FlowWorkflow): Promise<string> =>
        (await engine.start(flow)).result().then(String, (error: unknown) => (error as Error).message);
      await Promise.all([ends(leaves), ends(leaves), ends(leaves)]);
      // At the same moment: both count.
      expect((await Promise.all([ends(a), ends(b)])).toSorted()).toEqual(["down", "no such order"]);
      expect(await ends(b)).toBe("The circuit breaker shared is open.");
    });
  });

  test("have a breaker of their own name where none is said", async () => {
    const flow = define().step("call", () => Promise.reject(new Error("down")), {
      circuitBreaker: { failureThreshold: 1 },
    });
    await playing([flow], async (engine) => {
      const error = async (): Promise<unknown> =>
        (await engine.start(flow)).result().catch((thrown: unknown) => thrown);
      expect([await error(), await error()]).toEqual([
        expect.objectContaining({ message: "down" }),
        expect.objectContaining({ details: expect.objectContaining({ breaker: "step-call" }) }),
      ]);
    });
  });
});
