// Values on their way through a run: input, results, events, state and output come back as what they were, always as a copy.
import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { Context } from "@sluice/sdk";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, rest } from "./engine-fixture.suite.ts";

type Everything = Readonly<Record<string, unknown>>;

/** One of each kind that structuredClone takes. */
function everything() {
  const cycle: Record<string, unknown> = { name: "cycle" };
  cycle["self"] = cycle;
  cycle["list"] = [cycle, new Map([[cycle, new Set([cycle])]])];
  const shared = { shared: true };
  return {
    nothing: undefined,
    nil: null,
    date: new Date(86_400_000),
    noDate: new Date(Number.NaN),
    map: new Map<unknown, unknown>([
      ["a", 1],
      [new Date(1), new Set([1n])],
    ]),
    set: new Set(["x", 2, null]),
    big: -(2n ** 100n),
    negativeZero: -0,
    notANumber: Number.NaN,
    infinite: Number.NEGATIVE_INFINITY,
    bytes: new Uint8Array([0, 255, 7]),
    floats: new Float64Array([1.5, -0]),
    longs: new BigInt64Array([-1n, 2n ** 60n]),
    buffer: new Uint8Array([1, 2]).buffer,
    pattern: /a+b/giu,
    error: withoutStack(new TypeError("outer", { cause: withoutStack(new RangeError("inner")) })),
    text: "ünïcödé \u{1f600} \ud800",
    // eslint-disable-next-line no-sparse-arrays -- a hole is what is tested
    holes: [1, , 3],
    boxed: Object(true),
    cycle,
    twice: [shared, shared],
  };
}

function withoutStack(error: Error): Error {
  error.stack = "";
  return error;
}

/** Equal content is equal bytes, since the encoding has one form for each value; the rest is what bytes would not show. */
function check(value: unknown): void {
  expect(encodeValue(value)).toEqual(encodeValue(everything()));
  expect(Object.keys(value as object)).toEqual(Object.keys(everything()));
  expect((value as Everything)["date"]).toEqual(new Date(86_400_000));
  expect((value as Everything)["longs"]).toEqual(new BigInt64Array([-1n, 2n ** 60n]));
  const { cycle, twice, error, negativeZero, map, holes } = value as ReturnType<typeof everything> & Everything;
  expect(Object.is(negativeZero, -0)).toBe(true);
  expect(cycle["self"]).toBe(cycle);
  expect((cycle["list"] as unknown[])[0]).toBe(cycle);
  expect(twice[0]).toBe(twice[1]);
  expect(error).toBeInstanceOf(TypeError);
  expect(error.cause).toBeInstanceOf(RangeError);
  expect([...map.keys()][1]).toEqual(new Date(1));
  expect(1 in holes).toBe(false);
}

describe("everything structuredClone takes", () => {
  const flow = workflow({ name: "flow" }, async (ctx, input: Everything) => {
    check(input);
    const stepped = await ctx.step("step", () => everything());
    check(stepped);
    const event = await ctx.waitFor("everything");
    check(event);
    await ctx.state.run.set("everything", everything());
    check(await ctx.state.run.get("everything"));
    check(await ctx.call("echo", everything()));
    return ctx.step("last", () => everything());
  });
  const echo = workflow({ name: "echo" }, async (_ctx, input: unknown) => input);

  test("round-trips as input, step result, event, state, child input and output, before and after a restart", async () => {
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [flow, echo], store });
    const run = await first.run(flow, everything());
    await first.until(run, "waiting");
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow, echo], store });
    await second.emit("everything", everything());
    const end = await second.ended(run);
    expect(end).toMatchObject({ status: "completed" });
    check(end.output);
  });
});

describe("the workflow always gets the decoded copy", () => {
  test("what a step function does with its result afterwards changes nothing, nor does the workflow change the journal", async () => {
    const store = new MemoryRunStore();
    const kept: { list: number[] }[] = [];
    const seen: string[] = [];
    const flow = workflow({ name: "flow" }, async (ctx, input: { list: number[] }) => {
      seen.push(JSON.stringify(input));
      input.list.push(99);
      const result = await ctx.step("step", () => {
        const made = { list: [1] };
        kept.push(made);
        return made;
      });
      expect(kept).not.toContain(result);
      seen.push(JSON.stringify(result));
      result.list.push(2);
      kept[0]?.list.push(3);
      await ctx.waitFor("go");
      return [input, result];
    });
    const first = await EngineFixture.start({ workflows: [flow], store });
    const input = { list: [0] };
    const run = await first.run(flow, input);
    await first.until(run, "waiting");
    expect(input).toEqual({ list: [0] });
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow], store });
    await second.emit("go");
    expect((await second.ended(run)).output).toEqual([{ list: [0, 99] }, { list: [1, 2] }]);
    expect(seen).toEqual(['{"list":[0]}', '{"list":[1]}', '{"list":[0]}', '{"list":[1]}']);
  });

  test("a class instance is data from the first time on, not only after a replay", async () => {
    class Money {
      readonly amount: number;
      constructor(amount: number) {
        this.amount = amount;
      }
      double(): number {
        return this.amount * 2;
      }
    }
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const money = await ctx.step("money", () => new Money(7));
      return { amount: money.amount, has: typeof money.double };
    });
    const f = await EngineFixture.start({ workflows: [flow] });
    const end = await f.result(flow);
    expect(end).toMatchObject({ status: "completed", output: { amount: 7, has: "undefined" } });
  });

  test("an error thrown by a step is the recorded one at once: the same class, message, cause, code and details", async () => {
    const store = new MemoryRunStore();
    const caught: unknown[] = [];
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const thrown = Object.assign(new RangeError("out", { cause: new TypeError("in") }), { code: "E_RANGE" });
      const fails = (): never => {
        throw thrown;
      };
      await ctx.step("fails", fails).catch((error: unknown) => {
        expect(error).not.toBe(thrown);
        const { name, message, cause, code } = error as Error & { code?: string };
        caught.push([
          error instanceof RangeError,
          name,
          message,
          code,
          cause instanceof TypeError,
          (cause as Error).message,
        ]);
      });
      await ctx.waitFor("go");
    });
    const first = await EngineFixture.start({ workflows: [flow], store });
    const run = await first.run(flow);
    await first.until(run, "waiting");
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow], store });
    await second.emit("go");
    await second.ended(run);
    const expected = [true, "RangeError", "out", "E_RANGE", true, "in"];
    expect(caught).toEqual([expected, expected]);
  });

  test("whatever a step throws can be caught", async () => {
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const caught: unknown[] = [];
      for (const [index, thrown] of ["text", 7, null, undefined, { code: 1 }].entries()) {
        const fails = (): never => {
          // eslint-disable-next-line typescript/only-throw-error -- programs do
          throw thrown;
        };
        await ctx.step(`fails ${index}`, fails).catch((error: unknown) => caught.push((error as Error).message));
      }
      return caught;
    });
    const f = await EngineFixture.start({ workflows: [flow] });
    expect(await f.result(flow)).toMatchObject({
      status: "completed",
      output: ["text", "7", "null", expect.any(String), '{"code":1}'],
    });
  });
});

describe("what cannot be stored is value_not_serializable with its path", () => {
  const bad = { list: [{ ok: 1 }, { handler: () => 1 }] };
  const path = "$.list[1].handler";
  const places: readonly [what: string, body: (ctx: Context) => Promise<unknown>][] = [
    ["a step result", (ctx) => ctx.step("step", () => bad)],
    ["the result of an asynchronous step", (ctx) => ctx.step("step", () => Promise.resolve(bad))],
    ["the output", () => Promise.resolve(bad)],
    ["the payload of an event", (ctx) => ctx.emit("event", bad)],
    ["the input of a child", (ctx) => ctx.call("flow", bad)],
    ["the input of a detached child", (ctx) => ctx.start("flow", bad)],
    ["a state value", (ctx) => ctx.state.run.set("key", bad)],
    ["the pattern of a wait", (ctx) => ctx.waitFor("event", { match: bad })],
    ["the data of an approval", (ctx) => ctx.approve("boss", { data: bad })],
  ];

  test.each(places)("%s", async (_what, body) => {
    const flow = workflow({ name: "flow" }, body);
    const f = await EngineFixture.start({ workflows: [flow] });
    const run = await f.run(flow);
    const { status, error } = await f.ended(run);
    expect(status).toBe("failed");
    expect(error?.code).toBe("value_not_serializable");
    expect(error?.message).toContain(path);
    expect(error?.hint).toBeDefined();
    await rest();
    expect(await f.store.listEvents({ after: 0, limit: 10 })).toEqual([]);
    expect(await f.store.countRuns({ filter: {} })).toBe(1);
  });

  test.each(places)("can be caught, and is caught alike on replay: %s", async (what, body) => {
    if (what === "the output") return;
    const store = new MemoryRunStore();
    const caught: unknown[] = [];
    const flow = workflow({ name: "flow" }, async (ctx) => {
      caught.push(
        await body(ctx).catch((error: unknown) => [(error as Error).message, (error as { code?: string }).code]),
      );
      await ctx.waitFor("go");
    });
    const first = await EngineFixture.start({ workflows: [flow], store });
    const run = await first.run(flow);
    await first.until(run, "waiting");
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow], store });
    await second.emit("go");
    expect((await second.ended(run)).status).toBe("completed");
    expect(caught).toHaveLength(2);
    expect(caught[1]).toEqual(caught[0]);
  });

  test("is not retried: another attempt would return the same", async () => {
    let attempts = 0;
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const body = () => {
        attempts++;
        return bad;
      };
      await ctx.step("step", body, { retry: { attempts: 5, delay: 0 } });
    });
    const f = await EngineFixture.start({ workflows: [flow] });
    expect((await f.result(flow)).error?.code).toBe("value_not_serializable");
    expect(attempts).toBe(1);
  });

  test("in the input of a start and the payload of an event from outside, nothing is stored", async () => {
    const flow = workflow({ name: "flow" }, async () => undefined);
    const f = await EngineFixture.start({ workflows: [flow] });
    for (const attempt of [f.run(flow, bad), f.emit("event", bad)]) {
      const error = await attempt.then(
        () => expect.unreachable(),
        (reason: unknown) => reason as { readonly code?: string; readonly message: string },
      );
      expect(error.code).toBe("value_not_serializable");
      expect(error.message).toContain(path);
    }
    expect(await f.store.countRuns({ filter: {} })).toBe(0);
  });
});
