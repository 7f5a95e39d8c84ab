// Approvals of several people, from what a workflow asks to what it is told: on virtual time, over the real engine.
import { describe, expect, test } from "bun:test";
import { DeniedError, TimeoutError, workflow } from "@sluice/sdk";
import type { ApprovalRequest, ApproveOptions } from "@sluice/sdk";
import { z } from "zod";
import { testEngine } from "./testing.ts";
import type { TestEngine } from "./testing.ts";

interface Asked {
  readonly engine: TestEngine;
  readonly told: ApprovalRequest[];
  readonly outcome: () => Promise<unknown>;
  /** Decides what is asked of somebody. */
  readonly decide: (approver: string | null, approved: boolean, more?: object) => Promise<void>;
  readonly waiting: () => Promise<readonly (string | null)[]>;
}

/** A run that asks with these options and returns what comes of it. */
async function ask(options: ApproveOptions): Promise<Asked & AsyncDisposable> {
  const told: ApprovalRequest[] = [];
  const order = workflow({ name: "order" }, async (ctx) => {
    try {
      return await ctx.approve("manager", {
        notify: (request, scope) =>
          scope.step(`tell ${request.approver} ${request.why}`, () => void told.push(request)),
        ...options,
      });
    } catch (error) {
      if (error instanceof DeniedError) return { denied: error.message, details: error.details };
      if (error instanceof TimeoutError) return { late: error.message };
      throw error;
    }
  });
  const engine = await testEngine({ workflows: [order] });
  const run = await engine.start(order);
  await engine.settle();
  const tokenOf = async (approver: string | null) => {
    const found = (await engine.approvals()).find((each) => each.approver === approver);
    if (found === undefined) throw new Error(`nothing is asked of ${approver}`);
    return found.token;
  };
  return {
    engine,
    told,
    outcome: () => run.result(),
    decide: async (approver, approved, more = {}) => {
      await engine.approve(await tokenOf(approver), { approved, ...more });
      await engine.settle();
    },
    waiting: async () => (await engine.approvals()).map(({ approver }) => approver),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "nothing failed",
    (error: unknown) => error,
  );

const three = ["user:ada", "role:ops", "eve@example.com"] as const;

describe("several approvers", () => {
  test("are each told once, with a link of their own, and any one of them decides", async () => {
    await using asked = await ask({ approvers: three, description: "Order 17" });
    expect(asked.told.map(({ approver, why }) => [approver, why])).toEqual(three.map((each) => [each, "asked"]));
    const urls = new Set(asked.told.map(({ url }) => url));
    expect([urls.size, [...urls].every((url) => url.startsWith("http://127.0.0.1:7890/approve/"))]).toEqual([3, true]);
    expect(await asked.engine.approvals()).toMatchObject([{ description: "Order 17", need: 1, of: 3 }, {}, {}]);
    await asked.decide("role:ops", true, { reason: "fine", payload: { sum: 3 } });
    expect(await asked.outcome()).toMatchObject({
      approved: true,
      reason: "fine",
      payload: { sum: 3 },
      decisions: [{ approver: "role:ops", approved: true }],
    });
    expect(await asked.waiting()).toEqual([]);
  });

  test("all have to approve where all are needed, and one denial ends it", async () => {
    await using asked = await ask({ approvers: three, need: "all" });
    await asked.decide("user:ada", true);
    await asked.decide("role:ops", true);
    expect(await asked.waiting()).toEqual(["eve@example.com"]);
    await asked.decide("eve@example.com", false, { reason: "too dear" });
    expect(await asked.outcome()).toMatchObject({
      denied: "too dear",
      details: { decisions: [{ approved: true }, { approved: true }, { approved: false }] },
    });
  });

  test("decide by their number, and may be outvoted", async () => {
    await using asked = await ask({ approvers: three, need: 2, denial: "outvoted" });
    await asked.decide("user:ada", false);
    await asked.decide("role:ops", true);
    await asked.decide("eve@example.com", true);
    expect(await asked.outcome()).toMatchObject({ approved: true });
    await using denied = await ask({ approvers: three, need: 2, denial: "outvoted" });
    await denied.decide("user:ada", false);
    expect(await denied.waiting()).toHaveLength(2);
    await denied.decide("role:ops", false);
    expect(await denied.outcome()).toMatchObject({ denied: "manager was denied." });
  });

  test("cannot be asked for more than there are, or for nothing", async () => {
    for (const options of [{ approvers: [] }, { approvers: three, need: 4 }, { need: 2 }, { approvers: [" "] }]) {
      await using asked = await ask(options);
      expect(await failureOf(asked.outcome())).toMatchObject({ code: "bad_request" });
    }
  });
});

describe("time", () => {
  test("ends an approval, and all of its links", async () => {
    await using asked = await ask({ approvers: three, timeout: "2 days" });
    await asked.engine.advance("47 hours");
    expect(await asked.waiting()).toHaveLength(3);
    await asked.engine.advance("1 hour");
    expect(await asked.outcome()).toEqual({ late: "Approval manager took too long." });
    expect(await asked.waiting()).toEqual([]);
    await using plain = await ask({ approvers: three, timeout: "2 days", onTimeout: "nobody" });
    await plain.engine.advance("2 days");
    expect(await plain.outcome()).toBe("nobody");
  });

  test("reminds those who have not answered, so many times", async () => {
    await using asked = await ask({ approvers: three, need: "all", remind: { every: "1 hour", times: 2 } });
    await asked.decide("user:ada", true);
    asked.told.length = 0;
    await asked.engine.advance("1 day");
    const waiting = three.slice(1);
    expect(asked.told.map(({ approver, why, reminder }) => [approver, why, reminder])).toEqual([
      ...waiting.map((each) => [each, "reminder", 1]),
      ...waiting.map((each) => [each, "reminder", 2]),
    ]);
  });

  test("brings in others, any of whom decides alone", async () => {
    await using asked = await ask({
      approvers: three,
      need: "all",
      escalate: { after: "4 hours", to: ["user:boss", "user:deputy"] },
    });
    await asked.engine.advance("3 hours");
    expect(await asked.waiting()).toHaveLength(3);
    asked.told.length = 0;
    await asked.engine.advance("1 hour");
    expect(asked.told.map(({ approver, why }) => [approver, why])).toEqual([
      ["user:boss", "escalated"],
      ["user:deputy", "escalated"],
    ]);
    await asked.decide("user:deputy", true);
    expect(await asked.outcome()).toMatchObject({ approved: true, decisions: [{ approver: "user:deputy" }] });
    expect(await asked.waiting()).toEqual([]);
  });
});

describe("a form", () => {
  const form = z.object({ amount: z.coerce.number().max(100), note: z.string().default("none") });

  test("gives the workflow what the schema made of it", async () => {
    await using asked = await ask({ form });
    const [open] = await asked.engine.approvals();
    expect(open).toMatchObject({ approver: null, need: 1, of: 1 });
    await asked.decide(null, true, { payload: { amount: 12 } });
    expect(await asked.outcome()).toMatchObject({ approved: true, payload: { amount: 12, note: "none" } });
  });

  test("that the JSON Schema refuses is refused at once; what only the code sees is asked again with the reason", async () => {
    const even = z.object({ amount: z.number().max(100) }).refine(({ amount }) => amount % 2 === 0, "must be even");
    await using asked = await ask({ form: even, approvers: ["user:ada"] });
    expect(await failureOf(asked.decide("user:ada", true, { payload: { amount: 101 } }))).toMatchObject({
      code: "invalid_input",
      details: [{ path: "/amount" }],
    });
    expect(await asked.waiting()).toEqual(["user:ada"]);
    const [before] = await asked.engine.approvals();
    await asked.decide("user:ada", true, { payload: { amount: 3 } });
    const [again] = await asked.engine.approvals();
    expect(again?.token).not.toBe(before?.token as never);
    expect(asked.told).toHaveLength(2);
    await asked.decide("user:ada", true, { payload: { amount: 4 } });
    expect(await asked.outcome()).toMatchObject({ approved: true, payload: { amount: 4 } });
  });

  test("needs not be filled in to deny", async () => {
    await using asked = await ask({ form });
    await asked.decide(null, false);
    expect(await asked.outcome()).toMatchObject({ denied: "manager was denied." });
  });
});

describe("a crash", () => {
  test("leaves decisions, links and what people were told as they were", async () => {
    const told: string[] = [];
    const order = workflow({ name: "order" }, async (ctx) => {
      const { decisions } = await ctx.approve("manager", {
        approvers: ["user:ada", "user:bob"],
        need: "all",
        timeout: "3 days",
        remind: { every: "1 day" },
        notify: (request, scope) =>
          scope.step(`tell ${request.approver}`, () => void told.push(`${request.approver} ${request.why}`)),
      });
      return decisions?.map(({ approver }) => approver);
    });
    await using engine = await testEngine({ workflows: [order] });
    const run = await engine.start(order);
    await engine.settle();
    const [ada, bob] = await engine.approvals();
    await engine.approve(ada?.token ?? "", { approved: true });
    // Long waits leave memory: everything after this is a replay.
    await engine.advance("25 hours");
    expect((await run.get()).status).toBe("waiting");
    expect(told).toEqual(["user:ada asked", "user:bob asked", "user:bob reminder"]);
    expect((await engine.approvals()).map(({ token }) => token)).toEqual([bob?.token ?? ""]);
    await engine.approve(bob?.token ?? "", { approved: true });
    expect(await run.result()).toEqual(["user:ada", "user:bob"]);
    expect(told).toHaveLength(3);
  });
});
