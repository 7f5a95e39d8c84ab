// Answers from outside settle the wait they are for, once; each other answer says why it does not.
import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { TimeoutError, workflow } from "@sluice/sdk";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";

const asking = workflow({ name: "asking" }, async (ctx) => {
  const decision = await ctx.approve("manager", { timeout: "1h", onTimeout: "nobody" });
  return typeof decision === "string" ? decision : [decision.by, decision.reason];
});
const calling = workflow({ name: "calling" }, async (ctx) => {
  const token = await ctx.token("paid", { timeout: "1h" });
  await ctx.waitFor("go");
  return token.wait();
});

async function tokenOf(f: EngineFixture, kind: "approval" | "callback"): Promise<string> {
  await rest();
  const [token] = await f.store.listTokens({ kind, limit: 1 });
  if (token === undefined) throw new Error("There is no token.");
  return token.token;
}

const yes = encodeValue({ approved: true, by: "ann", reason: "fine", at: 5 });
const answer = (token: string, kind: "approval" | "callback", value: Uint8Array) => ({
  by: tester,
  token,
  kind,
  value,
});

describe("an approval", () => {
  test("gives the decision to the run, once", async () => {
    const f = await EngineFixture.start({ workflows: [asking] });
    const run = await f.run(asking);
    const token = await tokenOf(f, "approval");
    const answers = await Promise.all([
      f.engine.completeToken(answer(token, "approval", yes)),
      f.engine.completeToken(answer(token, "approval", yes)),
    ]);
    expect(answers).toMatchObject([
      { ok: true, value: { run } },
      { ok: false, error: { code: "token_used" } },
    ]);
    expect((await f.ended(run)).output).toEqual(["ann", "fine"]);
  });

  test("denied throws, with what was said", async () => {
    const f = await EngineFixture.start({ workflows: [asking] });
    const run = await f.run(asking);
    await f.engine.completeToken(
      answer(
        await tokenOf(f, "approval"),
        "approval",
        encodeValue({ approved: false, by: "ann", reason: "too much", at: 5 }),
      ),
    );
    expect(await f.ended(run)).toMatchObject({ status: "failed", error: { name: "DeniedError", message: "too much" } });
  });

  test("without a value for its time limit throws a TimeoutError, which a workflow can catch", async () => {
    const clock = new SimulatedClock(1_000);
    const strict = workflow({ name: "strict" }, async (ctx) => ctx.approve("manager", { timeout: "1h" }));
    const lenient = workflow({ name: "lenient" }, async (ctx) =>
      ctx.approve("manager", { timeout: "1h" }).catch((error: unknown) => error instanceof TimeoutError),
    );
    const f = await EngineFixture.start({ workflows: [strict, lenient], clock });
    const runs = [await f.run(strict), await f.run(lenient)] as const;
    await pass(clock, 3_600_000);
    expect(await f.ended(runs[0])).toMatchObject({ status: "failed", error: { name: "TimeoutError" } });
    expect(await f.ended(runs[1])).toMatchObject({ status: "completed", output: true });
  });

  test("after its time, after its run, under another kind or another name is refused", async () => {
    const clock = new SimulatedClock(1_000);
    const f = await EngineFixture.start({ workflows: [asking], clock });
    const late = await f.run(asking);
    const token = await tokenOf(f, "approval");
    expect(await f.engine.completeToken(answer(token, "callback", yes))).toMatchObject({
      ok: false,
      error: { code: "token_unknown" },
    });
    expect(await f.engine.completeToken(answer("tok_nope", "approval", yes))).toMatchObject({
      ok: false,
      error: { code: "token_unknown", hint: expect.any(String) },
    });
    await pass(clock, 3_600_000);
    expect((await f.ended(late)).output).toBe("nobody");
    expect(await f.engine.completeToken(answer(token, "approval", yes))).toMatchObject({
      ok: false,
      error: { code: "token_expired" },
    });
    const cancelled = await f.run(asking);
    await rest();
    const open = (await f.store.listTokens({ kind: "approval", status: "open", limit: 9 }))[0]?.token ?? "";
    await f.engine.operations.cancel({ by: tester, run: cancelled });
    await f.ended(cancelled);
    expect(await f.engine.completeToken(answer(open, "approval", yes))).toMatchObject({
      ok: false,
      error: { code: "token_expired" },
    });
  });
});

describe("a callback", () => {
  test("may be answered before the run waits for it", async () => {
    const f = await EngineFixture.start({ workflows: [calling] });
    const run = await f.run(calling);
    expect(
      (await f.engine.completeToken(answer(await tokenOf(f, "callback"), "callback", encodeValue("early")))).ok,
    ).toBe(true);
    await f.emit("go");
    expect((await f.ended(run)).output).toBe("early");
  });

  test("that was acknowledged survives the process", async () => {
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [calling], store });
    const run = await first.run(calling);
    await first.emit("go");
    const token = await tokenOf(first, "callback");
    await first.until(run, "waiting", "waiting_for_callback");
    expect((await first.engine.completeToken(answer(token, "callback", encodeValue("kept")))).ok).toBe(true);
    first.crash();
    const second = await EngineFixture.start({ workflows: [calling], store });
    expect((await second.ended(run)).output).toBe("kept");
    expect(await second.engine.completeToken(answer(token, "callback", encodeValue("again")))).toMatchObject({
      ok: false,
      error: { code: "token_used" },
    });
  });
});
