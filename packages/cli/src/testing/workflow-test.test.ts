import { describe, expect, test } from "bun:test";
import { AssertionError } from "node:assert";
import { onEvent, poll, schedule, webhook, workflow } from "@sluice/sdk";
import { z } from "zod";
import { testWorkflow } from "./workflow-test.ts";

interface Receipt {
  readonly id: string;
  readonly amount: number;
}

const pay = async (): Promise<Receipt> => {
  throw new Error("a test must never pay");
};

const shipping = workflow({ name: "shipping", input: z.object({ order: z.number() }) }, async (ctx, input) => {
  await ctx.sleep("on its way", "2 days");
  return { tracking: `T${input.order}` };
});

const order = workflow({ name: "order", input: z.object({ id: z.number() }) }, async (ctx, input) => {
  const receipt = await ctx.step("charge", pay, {
    undo: () => {
      throw new Error("a test must never refund");
    },
  });
  await ctx.sleep("cool down", "3 days");
  const { by } = await ctx.approve("manager");
  const { tracking } = await ctx.call(shipping, { order: input.id });
  await ctx.emit("shipped", { tracking });
  return { receipt: receipt.id, by, tracking };
});

describe("a test of a workflow", () => {
  test("reads from start to end, days included, and takes no time", async () => {
    const before = performance.now();
    await using t = testWorkflow(order, { workflows: [shipping] });
    const charge = t.mock(pay, () => ({ id: "r1", amount: 5 }));
    const run = await t.start({ id: 7 });
    await t.expect(run).toBeWaitingFor("sleep", "cool down");
    await t.advance("3 days");
    await t.expect(run).toBeWaitingFor("approval", "manager");
    await t.approve("manager", { by: "ann" });
    await t.advance("2 days");
    await t.expect(run).toComplete({ receipt: "r1", by: "ann", tracking: "T7" });
    await t.expect(run).step("charge").toReturn({ id: "r1", amount: 5 });
    await t.expect(run).toHaveStarted("shipping");
    await t.expect(run).toHaveEmitted("shipped");
    expect(charge.calls).toHaveLength(1);
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  test("thirty days of sleeping are milliseconds", async () => {
    const sleepy = workflow({ name: "sleepy" }, async (ctx) => {
      for (let day = 0; day < 30; day++) await ctx.sleep("night", "1 day");
      return ctx.now();
    });
    await using t = testWorkflow(sleepy, { now: 0 });
    const run = await t.run();
    await t.expect(run).toComplete(30 * 86_400_000);
  });

  test("mocks a child by its definition, also one that the test has not named", async () => {
    await using t = testWorkflow(order);
    t.mock<Receipt>("charge", ({ occurrence }) => ({ id: `r${occurrence}`, amount: 1 }));
    const ship = t.mock(shipping, ({ order: id }) => ({ tracking: `mock ${id}` }));
    const run = await t.run({ id: 3 });
    await t.approve("manager");
    await t.expect(run).toComplete({ receipt: "r0", by: "test", tracking: "mock 3" });
    expect(ship.calls).toMatchObject([{ workflow: "shipping", input: { order: 3 } }]);
  });

  test("a child that is called by its name is mocked, too, and refused once the engine has begun without it", async () => {
    const parent = workflow({ name: "parent" }, (ctx) => ctx.call<number>("elsewhere", 4));
    await using t = testWorkflow(parent);
    t.mockChild("elsewhere", (input) => Number(input) * 2);
    await t.expect(await t.start()).toComplete(8);
    expect(() => t.mockChild("too-late", () => 1)).toThrow("mocked too late");
  });

  test("undoing a mocked step does not touch the world, unless the mock says how", async () => {
    const undone: unknown[] = [];
    await using t = testWorkflow(order, { workflows: [shipping] });
    const first = t.mock(pay, () => ({ id: "r1", amount: 5 }));
    const denied = await t.run({ id: 1 });
    await t.deny("manager", { reason: "too much" });
    await t.expect(denied).toFail("too much");
    await t.expect(denied).toHaveUndone(["charge"]);
    first.restore();
    t.mock(pay, () => ({ id: "r2", amount: 5 }), { undo: (receipt) => undone.push(receipt?.id) });
    const second = await t.run({ id: 2 });
    await second.cancel();
    await t.expect(second).toBeCancelled();
    expect(undone).toEqual(["r2"]);
  });

  test("a mock fails as often as it likes, retries follow the clock, and the real function can still be called", async () => {
    const flaky = workflow({ name: "flaky", retry: { attempts: 4, delay: "1 hour", backoff: "fixed" } }, (ctx) =>
      ctx.step("fetch", () => "real"),
    );
    await using t = testWorkflow(flaky);
    t.mock<string>("fetch", async (step) => {
      if (step.attempt < 3) throw new Error(`no ${step.attempt}`);
      return `${await step.real()} at last`;
    });
    const run = await t.start();
    await t.expect(run).step("fetch").toBeTried(1);
    await t.advance("2 hours");
    await t.expect(run).toComplete("real at last");
    await t.expect(run).step("fetch").toBeTried(3);
  });

  test("names that are made are mocked by a pattern", async () => {
    const pages = workflow({ name: "pages" }, (ctx, input: readonly string[]) =>
      ctx.map(input, (page) => ctx.step(`fetch ${page}`, () => "real")),
    );
    await using t = testWorkflow(pages);
    t.mock<string>(/^fetch /, ({ name }) => name.toUpperCase());
    await t.expect(await t.start(["a", "b"])).toComplete(["FETCH A", "FETCH B"]);
  });

  test("events, state and schedules are those of the real engine", async () => {
    const nightly = workflow(
      { name: "nightly", triggers: [schedule("0 2 * * *", { input: "night" })] },
      async (ctx, input: string) => {
        const nights = await ctx.state.workflow.incr("nights");
        const news = await ctx.waitFor<string, null>("news", { timeout: "1 hour", onTimeout: null });
        return `${input} ${nights} ${news}`;
      },
    );
    await using t = testWorkflow(nightly);
    await t.advance("1 day");
    await t.advance("2 hours");
    await t.emit("news", "rain");
    const [second, first] = await t.runs(nightly);
    if (first === undefined || second === undefined) throw new Error("there were two nights");
    await t.expect(first).toComplete("night 1 null");
    await t.expect(second).toComplete("night 2 rain");
  });

  test("triggers are pulled by the test: a request to a webhook, the time of a schedule", async () => {
    const nightly = schedule("0 2 * * *", { input: { id: 1 }, name: "nightly" });
    const hooked = workflow(
      { name: "hooked", input: z.object({ id: z.number() }), triggers: [webhook("/orders/new"), nightly] },
      async (_ctx, { id }) => id,
    );
    await using t = testWorkflow(hooked);
    const first = await t.webhook("/orders/new", { id: 7 }, { idempotencyKey: "k" });
    await t.expect(first).toComplete(7);
    expect((await t.webhook("orders/new", { id: 7 }, { idempotencyKey: "k" })).id).toBe(first.id);
    await t.expect(await t.fire("nightly")).toComplete(1);
    expect(t.webhook("/orders/new", { id: "no" })).rejects.toThrow("not valid");
    expect(t.webhook("/elsewhere", {})).rejects.toThrow("No workflow of this test has a webhook for POST /elsewhere");
  });

  test("a webhook judges what it is sent as on a server: parameters, headers, schema, condition, key, input", async () => {
    const posted = webhook<{ n: number }>("/shops/:shop/orders", {
      schema: z.object({ n: z.number() }),
      headers: { "x-source": ["web"] },
      condition: ({ body }) => body.n > 0,
      idempotencyKey: ({ body, params }) => `${params["shop"]} ${body.n}`,
      input: ({ body, params, query }) => ({ n: body.n, shop: params["shop"], by: query["by"] }),
    });
    const raw = webhook("/raw/*", { input: "raw" });
    const whole = webhook("/whole/:id");
    const hooked = workflow({ name: "hooked", triggers: [posted, raw, whole] }, async (_ctx, input: unknown) => input);
    await using t = testWorkflow(hooked);
    const headers = { "X-Source": "web" };
    const run = await t.webhook("/shops/lisbon/orders?by=ada", { n: 7 }, { headers });
    await t.expect(run).toComplete({ n: 7, shop: "lisbon", by: "ada" });
    expect((await t.webhook("/shops/lisbon/orders?by=ada", { n: 7 }, { headers })).id).toBe(run.id);
    expect(t.webhook("/shops/a/orders", { n: 7 })).rejects.toThrow("The header x-source is missing");
    expect(t.webhook("/shops/a/orders", { n: 0 }, { headers })).rejects.toThrow("its condition does not hold");
    expect(t.webhook("/shops/a/orders", { n: "x" }, { headers })).rejects.toThrow("The body is not what");
    await t.expect(await t.webhook("/raw/a/b", Uint8Array.of(1, 2))).toComplete(Uint8Array.of(1, 2));
    const seen = await t.webhook<{ params: unknown; body: unknown }>("/whole/9", [1]);
    expect(await seen.result()).toMatchObject({ method: "POST", params: { id: "9" }, body: [1] });
  });

  test("polls find what the test says, on virtual time, and events start runs", async () => {
    const mails = poll<{ id: number }, number>("mails", {
      every: "1 minute",
      fetch: () => {
        throw new Error("a test must never look outside");
      },
    });
    const watching = workflow(
      { name: "watching", triggers: [mails, onEvent("news")] },
      async (_ctx, input: unknown) => input,
    );
    await using t = testWorkflow(watching);
    let found = 0;
    const looked = t.mockPoll<{ id: number }>("mails", () => (found++ < 2 ? [{ id: found }] : []));
    await t.advance("5 minutes");
    await t.emit("news", "rain");
    const outputs = await Promise.all((await t.runs(watching)).map((run) => run.result()));
    expect(outputs).toHaveLength(3);
    expect(outputs).toContainEqual({ id: 2 });
    expect(looked.calls.length).toBeGreaterThan(2);
  });

  test("a step that does real work is waited for before time moves on", async () => {
    const slow = workflow({ name: "slow" }, (ctx) =>
      ctx.step("read", async () => (await import("node:fs/promises")).readFile(import.meta.path, "utf8"), {
        timeout: "1s",
      }),
    );
    await using t = testWorkflow(slow);
    const run = await t.start();
    await t.advance("1 day");
    await t.expect(run).step("read").toSucceed();
  });

  test("a step that hangs meets its time limit on virtual time", async () => {
    const hung = workflow({ name: "hung" }, (ctx) =>
      ctx.step("hang", () => new Promise(() => undefined), { timeout: "1 hour" }),
    );
    await using t = testWorkflow(hung, { stepGraceMs: 10 });
    const run = await t.start();
    await t.advance("2 hours");
    await t.expect(run).toFail("took longer than");
  });

  test("waiting in vain is refused with what the run waits for", async () => {
    await using t = testWorkflow(order);
    t.mock(pay, () => ({ id: "r1", amount: 5 }));
    t.mock(shipping, () => ({ tracking: "x" }));
    const run = await t.start({ id: 1 });
    expect(run.result()).rejects.toThrow('has not ended: waiting (sleeping), sleep "cool down" until 2026-01-04');
    expect(t.approve("boss")).rejects.toThrow("no approval is waited for");
  });

  test("runs on the clock of the machine where it is asked to", async () => {
    const short = workflow({ name: "short" }, async (ctx) => {
      await ctx.sleep(5);
      return ctx.step("end", () => "woken");
    });
    await using t = testWorkflow(short, { clock: "real" });
    const run = await t.run();
    await t.expect(run).toComplete("woken");
    expect(t.advance("1 day")).rejects.toThrow("real clock");
  });

  test("approvals of several people are decided in their names, by the real rules", async () => {
    const pays = workflow({ name: "pays" }, async (ctx) => {
      const approvers = ["user:ada", "role:finance", "cfo@example.com"];
      const { decisions } = await ctx.approve("payment", { approvers, need: 2, notRequester: true });
      return decisions?.length;
    });
    await using t = testWorkflow(pays);
    const run = await t.start();
    expect((await t.approvals()).map((each) => each.approver)).toEqual(["user:ada", "role:finance", "cfo@example.com"]);
    expect(t.approve("payment", { by: "eve" })).rejects.toThrow();
    await t.approve("payment", { by: "ada" });
    await t.expect(run).toBeWaitingFor("approval");
    await t.approve("payment", { by: "bob", roles: ["finance"] });
    await t.expect(run).toComplete(2);
  });

  test("tokens are completed as by a POST", async () => {
    const signs = workflow({ name: "signs" }, async (ctx) => {
      const token = await ctx.token<string>("signature");
      ctx.progress(token.token);
      return token.wait();
    });
    await using t = testWorkflow(signs);
    const run = await t.start();
    await t.complete(String((await run.get()).progress), "Ada");
    await t.expect(run).toComplete("Ada");
  });
});

describe("a crash", () => {
  const did: string[] = [];
  const two = workflow({ name: "two" }, async (ctx) => {
    await ctx.step("charge", () => void did.push("charge"));
    await ctx.step("ship", () => void did.push("ship"));
    return ctx.step("end", () => "done");
  });
  const played = async (plan: (t: ReturnType<typeof testWorkflow<typeof two>>) => void): Promise<readonly string[]> => {
    did.length = 0;
    await using t = testWorkflow(two);
    plan(t);
    const run = await t.run();
    await t.expect(run).toComplete("done");
    expect(t.crashes).toBe(1);
    return [...did];
  };

  test("after a step that is durable does not execute it again", async () => {
    expect(await played((t) => t.crashAfter("charge"))).toEqual(["charge", "ship"]);
  });

  test("between the effect and its result executes the step again: at least once", async () => {
    expect(await played((t) => t.crashAfter("charge", { journaled: false }))).toEqual(["charge", "charge", "ship"]);
  });

  test("before a step loses nothing", async () => {
    expect(await played((t) => t.crashBefore("ship"))).toEqual(["charge", "ship"]);
  });

  test("after the last step leaves a run that ends", async () => {
    expect(await played((t) => t.crashAfter("end"))).toEqual(["charge", "ship"]);
  });

  test("while a run sleeps is not noticed by it", async () => {
    const sleeper = workflow({ name: "sleeper" }, async (ctx) => {
      await ctx.sleep("1 day");
      return "awake";
    });
    await using t = testWorkflow(sleeper);
    const run = await t.start();
    await t.crash();
    await t.advance("1 day");
    await t.expect(run).toComplete("awake");
    expect(t.crashes).toBe(1);
  });
});

describe("an assertion that does not hold", () => {
  const failing = workflow({ name: "failing" }, async (ctx) => {
    await ctx.step("look", () => 1);
    await ctx.step("fall", () => {
      throw new RangeError("too far");
    });
  });
  const said = async (assertion: Promise<void>): Promise<string> => {
    const error = await assertion.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof AssertionError)) throw new Error("the assertion holds, or threw something else");
    return error.message;
  };

  test("says what was expected and how it stands", async () => {
    await using t = testWorkflow(failing);
    const run = await t.start();
    const expected = t.expect(run);
    await expected.toFail("too far");
    await expected.toFail(/far$/);
    await expected.toFail(RangeError);
    await expected.toHaveSteps(["look", "fall"]);
    await expected.step("fall").toFail(RangeError);
    await expected.step("gone").notToRun();
    expect(await said(expected.toComplete())).toBe(
      "Expected the run of failing to be completed, but it is failed: too far.",
    );
    expect(await said(expected.toFail("too near"))).toContain("another error");
    expect(await said(expected.toFail(TypeError))).toContain("another error");
    expect(await said(expected.toBeCancelled())).toContain("to be cancelled");
    expect(await said(expected.toTimeOut())).toContain("to be timedout");
    expect(await said(expected.toBeWaitingFor("event", "paid"))).toContain('wait for event "paid"');
    expect(await said(expected.toHaveSteps(["fall", "look"]))).toContain("other steps");
    expect(await said(expected.toHaveUndone(["look"]))).toContain("Other steps were undone");
    expect(await said(expected.toHaveEmitted("x"))).toContain("has not emitted x");
    expect(await said(expected.toHaveStarted("x"))).toContain("has not started x");
    expect(await said(expected.step("fall").toSucceed())).toContain(
      'step "fall" to succeed, but it is failed: too far',
    );
    expect(await said(expected.step("look").toFail())).toContain("but it is completed");
    expect(await said(expected.step("look").toReturn(2))).toContain("returned something else");
    expect(await said(expected.step("look").toBeTried(2))).toContain("tried 1 times");
    expect(await said(expected.step("look").notToRun())).toContain("has asked for");
    expect(await said(expected.step("look", 1).toSucceed())).toContain('has not asked for step "look" (occurrence 2)');
    expect(await said(expected.step("look").toBeUndone())).toContain("not asked for");
  });
});

test("types: the result of a mock is that of the step, and inputs are the workflow's", async () => {
  await using t = testWorkflow(order, { workflows: [shipping] });
  t.mock(pay, () => ({ id: "r", amount: 1 }));
  // @ts-expect-error a receipt has an amount
  t.mock(pay, () => ({ id: "r" }));
  t.mock<typeof pay>("charge", () => ({ id: "r", amount: 1 }));
  // @ts-expect-error not a receipt
  t.mock<typeof pay>("charge", () => 7);
  // @ts-expect-error a child returns what it returns
  t.mock(shipping, () => ({ tracking: 7 }));
  // @ts-expect-error the input has an id
  const wrong = t.start({ no: 7 });
  expect(wrong).rejects.toThrow("not valid");
  const run = await t.start({ id: 7 });
  // @ts-expect-error the output is an object
  const comparison = t.expect(run).toComplete("no");
  expect(comparison).rejects.toThrow();
});
