// The harness runs what a run would do, on virtual time: mocks stand in, expectations are held against what happened.
import { afterEach, describe, expect, test } from "bun:test";
import { action, defineService } from "@sluice/sdk";
import { createCronflow } from "../cronflow.ts";
import { DefaultTestDataGenerator } from "./data-generator.ts";

const cronflow = createCronflow({});
let made = 0;
const define = (options: object = {}) => cronflow.define({ id: `flow-${++made}`, ...options });

describe("a test", () => {
  test("runs every step of the way taken, and no other", async () => {
    const flow = define()
      .step("check", (c) => c.payload.amount)
      .if("large", (c) => c.last > 100)
      .step("send large", () => "large")
      .else()
      .step("send small", () => "small")
      .endIf();
    const run = await flow
      .test()
      .trigger({ amount: 500 })
      .expectStep("large")
      .toSucceed()
      .expectStep("send large")
      .toSucceed()
      .run();
    expect(run.status).toBe("completed");
    expect(run.steps.map(({ name, output }) => [name, output])).toEqual([
      ["check", 500],
      ["large", true],
      ["send large", "large"],
    ]);
    expect(run.steps["send large"]).toMatchObject({ status: "completed", attempts: 1, retryDelays: [] });
    expect(run.duration).toBeGreaterThan(0);
    const unmet = await flow.test().trigger({ amount: 5 }).expectStep("send large").toSucceed().run();
    expect(unmet).toMatchObject({ status: "failed", error: { message: expect.stringContaining("was not executed") } });
  });

  test("lets functions stand in for steps and blocks, with the context", async () => {
    let charged = 0;
    const flow = define()
      .step("charge", () => void charged++)
      .humanInTheLoop({ description: "wait for ever" })
      .step("tell", (c) => [c.steps["charge"]?.output, c.last.approved]);
    const run = await flow
      .test()
      .trigger({ who: "Ada" })
      .mockStep("charge", (c) => ({ charged: c.payload.who }))
      .mockStep("human-in-the-loop", () => ({ approved: true }))
      .run();
    expect(run.steps["tell"]?.output).toEqual([{ charged: "Ada" }, true]);
    expect(charged).toBe(0);
    expect(() => flow.test().mockStep("no such step", () => 1)).toThrow("Step 'no such step' not found in workflow");
  });

  test("expects failures, and says what else happened", async () => {
    const flow = define()
      .step("pay", () => {
        throw new Error("Insufficient funds");
      })
      .step("after", () => 1);
    const plain = await flow.test().run();
    expect(plain).toMatchObject({ status: "failed", error: { message: "Insufficient funds" } });
    expect((await flow.test().expectStep("pay").toFail().run()).status).toBe("completed");
    expect((await flow.test().expectStep("pay").toFailWith("Insufficient").run()).status).toBe("completed");
    const other = await flow.test().expectStep("pay").toFailWith("Card stolen").run();
    expect(other.error?.message).toBe(
      "Step 'pay' failed with unexpected error. Expected: Card stolen, Got: Insufficient funds",
    );
    const succeed = await flow.test().expectStep("pay").toSucceed().run();
    expect(succeed.error?.message).toBe("Step 'pay' was expected to succeed but failed: Insufficient funds");
    const fine = await define()
      .step("a", () => 1)
      .test()
      .expectStep("a")
      .toFail()
      .run();
    expect(fine.error?.message).toBe("Step 'a' was expected to fail but succeeded");
  });

  test("waits days in no time, and counts attempts", async () => {
    let tries = 0;
    const flow = define()
      .sleep("30d")
      .step("flaky", () => {
        if (++tries < 3) throw new Error("again");
        return tries;
      })
      .retry({ attempts: 5, backoff: { strategy: "exponential", delay: "1h" } })
      .humanInTheLoop({ timeout: "3d" })
      .step("end", (c) => c.last.timedOut);
    const run = await flow.test().run();
    expect(run.status).toBe("completed");
    expect(run.steps["flaky"]).toMatchObject({ attempts: 3, retryDelays: [3_600_000, 7_200_000] });
    expect(run.steps["end"]?.output).toBe(true);
  });

  test("says what a run waits for that does not end", async () => {
    const run = await define().waitForEvent("never").test().run();
    expect(run.error?.message).toContain("event never");
  });

  test("takes state, subflows of the program and triggers into account; schedules do not fire in it", async () => {
    cronflow.define({ id: "child" }).step("child step", (c) => `child of ${c.payload}`);
    const flow = define()
      .onSchedule("* * * * *")
      .step("count", (c) => c.state.incr("n"))
      .subflow("call it", "child", "Ada")
      .sleep("2d");
    const run = await flow.test().run();
    expect(run.status).toBe("completed");
    expect(run.steps.map(({ name }) => name)).toEqual(["count"]);
  });
});

describe("an advanced test", () => {
  const flow = define({ services: [{ id: "mail", actions: { send: () => "really sent" } }] })
    .step("mail", (c) => c.services["mail"].send(c.payload.to))
    .if("odd", (c) => c.payload.n % 2 === 1)
    .step("odd one", (c) => c.trigger.headers["x-a"] ?? c.trigger.type)
    .else()
    .step("even one", () => 2)
    .endIf();

  test("stands in for services and triggers, and counts what was executed", async () => {
    const advanced = flow
      .advancedTest()
      .mockService("mail", { send: (to: string) => `mocked ${to}` })
      .mockTrigger("webhook", { payload: { n: 1, to: "ada" }, headers: { "x-a": "yes" } });
    const run = await advanced.run();
    expect(run.steps["mail"]?.output).toBe("mocked ada");
    expect(run.steps["odd one"]?.output).toBe("yes");
    expect(run.coverage.overall).toEqual({
      totalSteps: 3,
      executedSteps: 2,
      totalBranches: 2,
      executedBranches: 1,
      totalServices: 1,
      calledServices: 1,
      coveragePercentage: (2 / 3) * 100,
    });
    expect(run.serviceMocks).toMatchObject([{ serviceId: "mail" }]);
    expect(run.triggerMocks).toMatchObject([{ type: "webhook" }]);
    await advanced.trigger({ n: 2, to: "bob" }).run();
    expect(advanced.getCoverage()).toMatchObject({
      steps: { mail: { executionCount: 2 }, "even one": { executed: true } },
      branches: { odd: { executionCount: 1 }, "odd: else": { executionCount: 1 } },
      services: { mail: { callCount: 2, actions: { send: { callCount: 2 } } } },
      overall: { coveragePercentage: 100 },
    });
    expect(advanced.resetCoverage().getCoverage().overall.executedSteps).toBe(0);
  });

  test("starts services that defineService made, counts their calls, and stands in for them too", async () => {
    const greeter = defineService({
      id: "greeter",
      setup: () => ({ hello: (name: string) => `hello ${name}`, bye: action({ run: () => "bye" }) }),
    });
    const services = [greeter.withConfig()];
    const greets = define({ services }).step("greet", async (c) => [
      await c.services["greeter"].hello("Ada"),
      await c.services["greeter"].bye(),
    ]);
    const real = await greets.advancedTest().run();
    expect(real.steps["greet"]?.output).toEqual(["hello Ada", "bye"]);
    expect(real.coverage.services["greeter"]).toMatchObject({ callCount: 2, actions: { bye: { callCount: 1 } } });
    const stands = { hello: () => "mocked", bye: () => "too" };
    const mocked = await greets.advancedTest().mockService("greeter", stands).run();
    expect(mocked.steps["greet"]?.output).toEqual(["mocked", "too"]);
    expect((await greets.test().run()).steps["greet"]?.output).toEqual(["hello Ada", "bye"]);
  });

  test("has one action of a service return a value", async () => {
    const run = await flow.advancedTest().mockServiceAction("mail", "send", 7).trigger({ n: 2 }).run();
    expect(run.steps["mail"]?.output).toBe(7);
  });

  test("makes data, the same for the same seed, or that of another generator", () => {
    const user = flow.advancedTest().generateData((make) => make.generateUser());
    expect(user).toEqual(new DefaultTestDataGenerator().generateUser());
    expect(user.email).toContain("@example.com");
    const generator = new DefaultTestDataGenerator(7);
    const orders = flow
      .advancedTest()
      .withDataGenerator(generator)
      .generateData((make) => make.generateArray(() => make.generateOrder(), 3));
    expect(new Set(orders.map(({ id }) => id)).size).toBe(3);
    expect(orders[0]?.amount).toBeGreaterThan(0);
    const { a, b } = generator.generateObject(() => generator.generatePayment(), ["a", "b"]);
    expect([a?.currency.length, b?.currency.length]).toEqual([3, 3]);
    expect([generator.generateProduct().price, generator.generateEvent().timestamp].every((each) => each > 0)).toBe(
      true,
    );
  });
});

afterEach(() => cronflow.stop());
