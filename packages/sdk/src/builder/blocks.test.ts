// Blocks of a flow in the real engine: branches, loops, things at the same time, other workflows.
import { describe, expect, test } from "bun:test";
import { testEngine } from "sluice/testing";
import { workflow } from "../workflow.ts";
import type { Workflow } from "../workflow.ts";
import { FlowWorkflow } from "./flow-workflow.ts";
import type { FlowHost } from "./host.ts";

const host: FlowHost = {
  state: () => {
    throw new Error("no state in this test");
  },
  secret: () => Promise.reject(new Error("no secrets in this test")),
  mock: () => undefined,
};

const define = (id = "flow"): FlowWorkflow => new FlowWorkflow({ definition: { id }, host, now: () => new Date(0) });

async function play(flow: FlowWorkflow, payload?: unknown, others: readonly Workflow[] = []): Promise<Played> {
  const engine = await testEngine({ workflows: [flow, ...others] });
  try {
    const run = await engine.start(flow, payload);
    await engine.advance("2h");
    const output = await run.result();
    return { output, names: (await run.steps()).map(({ name }) => name), now: engine.now };
  } finally {
    await engine.close();
  }
}

interface Played {
  readonly output: unknown;
  readonly names: readonly string[];
  readonly now: number;
}

describe("if", () => {
  const sized = (): FlowWorkflow =>
    define()
      .if("large", (c) => c.payload > 100)
      .step("send large", () => "large")
      .elseIf("middle", (c) => c.payload > 10)
      .step("send middle", () => "middle")
      .else()
      .step("send small", () => "small")
      .endIf()
      .step("after", (c) => `${c.last} sent`);

  test.each([
    [500, "large sent", ["large", "send large", "after"]],
    [50, "middle sent", ["large", "middle", "send middle", "after"]],
    [5, "small sent", ["large", "middle", "send small", "after"]],
  ])("takes exactly one way with %p", async (payload, output, names) => {
    expect(await play(sized(), payload)).toMatchObject({ output, names });
  });

  test("does nothing without an else where nothing holds, and conditions may take their time", async () => {
    const flow = define()
      .step("first", () => 1)
      .if("never", () => Promise.resolve(false))
      .step("skipped", () => 2)
      .endIf()
      .step("last", (c) => c.last);
    expect(await play(flow)).toMatchObject({ output: 1, names: ["first", "never", "last"] });
  });

  test("holds others", async () => {
    const flow = define()
      .if("outer", () => true)
      .if("inner", () => false)
      .step("a", () => "a")
      .else()
      .step("b", () => "b")
      .endIf()
      .step("c", (c) => `${c.last}c`)
      .else()
      .step("d", () => "d")
      .endIf();
    expect((await play(flow)).output).toBe("bc");
  });

  test.each([
    ["else without if", () => define().else()],
    ["elseIf without if", () => define().elseIf("x", () => true)],
    ["endIf without if", () => define().endIf()],
    [
      "a second else",
      () =>
        define()
          .if("x", () => true)
          .step("a", () => 1)
          .else()
          .step("b", () => 2)
          .else(),
    ],
    ["a modifier without a step", () => define().retry()],
    ["a time limit of a sleep", () => define().sleep(1).timeout(5)],
  ])("%s is refused where it is written", (_what, write) => {
    expect(write).toThrow(expect.objectContaining({ code: "invalid_workflow" }));
  });
});

describe("parallel and race", () => {
  test("parallel blocks have names of their own and keep the order of their functions", async () => {
    const later = Promise.withResolvers<void>();
    const flow = define()
      .parallel([
        async () => {
          await later.promise;
          return "a";
        },
        () => {
          later.resolve();
          return "b";
        },
      ])
      .parallel([(c) => c.last.length, (c) => c.steps["parallel"]?.output[0]]);
    expect(await play(flow)).toMatchObject({
      output: [2, "a"],
      names: ["parallel[1]", "parallel[0]", "parallel-2[0]", "parallel-2[1]"],
    });
  });

  test("a race has the output of the first that is through; the others are given up", async () => {
    const gone: string[] = [];
    const flow = define().race([
      (c) =>
        new Promise((_resolve, reject) => {
          c.signal.addEventListener("abort", () => {
            gone.push("slow");
            reject(new Error("given up"));
          });
        }),
      () => "fast",
    ]);
    expect((await play(flow)).output).toBe("fast");
    expect(gone).toEqual(["slow"]);
  });

  test("retry and onError are for blocks of functions too", async () => {
    let tries = 0;
    const flow = define()
      .parallel([
        () => {
          if (++tries < 2) throw new Error("once");
          return tries;
        },
      ])
      .retry({ attempts: 2, backoff: { delay: 10 } })
      .race([
        () => {
          throw new Error("always");
        },
      ])
      .onError((c) => [c.last, c.error?.message]);
    expect((await play(flow)).output).toEqual([[2], "always"]);
  });
});

describe("while", () => {
  test("goes round while its condition holds; each round sees the one before", async () => {
    const flow = define()
      .step("begin", () => 3)
      .while(
        "count down",
        (c) => c.last > 0,
        (c) => c.last - 1,
      )
      .step("end", (c) => [c.last, c.steps["count down"]?.output]);
    expect((await play(flow)).output).toEqual([0, 0]);
  });

  test("ends after 1,000 rounds with an error that says so", async () => {
    let rounds = 0;
    const flow = define().while(
      "for ever",
      () => true,
      () => void rounds++,
    );
    expect(play(flow)).rejects.toThrow("while for ever still holds after 1000 rounds");
    await play(flow).catch(() => undefined);
    expect(rounds).toBe(2000);
  });
});

describe("loops over items", () => {
  test("forEach runs a flow for each item at the same time, in order of the items", async () => {
    const flow = define()
      .step("users", () => ["ada", "bob", "cyn"])
      .forEach(
        "onboard",
        (c) => c.last,
        (user, inner) => {
          inner.step("mail", () => `mail ${user}`).step("note", (c) => `${c.last}, noted`);
        },
      )
      .step("count", (c) => c.last);
    expect((await play(flow)).output).toEqual({
      results: [
        { item: "ada", result: "mail ada, noted", index: 0 },
        { item: "bob", result: "mail bob, noted", index: 1 },
        { item: "cyn", result: "mail cyn, noted", index: 2 },
      ],
      totalItems: 3,
    });
  });

  test("flows of items may branch, wait and see what came before them", async () => {
    const flow = define()
      .step("base", () => 10)
      .forEach("each", [1, 2], (item, inner) => {
        inner
          .sleep("1m")
          .if("odd", () => item % 2 === 1)
          .step("odd one", (c) => c.steps["base"]?.output + item)
          .else()
          .parallel([() => item, () => item])
          .endIf();
      });
    expect((await play(flow)).output).toMatchObject({ results: [{ result: 11 }, { result: [2, 2] }] });
  });

  test("batch works through slices one after the other", async () => {
    const seen: unknown[] = [];
    const flow = define().batch("slices", { items: () => [1, 2, 3, 4, 5], size: 2 }, (batch, inner) => {
      inner.step("sum", () => {
        seen.push(batch);
        return batch.reduce((sum: number, each: number) => sum + each, 0);
      });
    });
    expect((await play(flow)).output).toEqual({
      results: [
        { batch: [1, 2], result: 3, index: 0 },
        { batch: [3, 4], result: 7, index: 1 },
        { batch: [5], result: 5, index: 2 },
      ],
      totalBatches: 3,
      totalItems: 5,
    });
    expect(seen).toEqual([[1, 2], [3, 4], [5]]);
  });

  test("no items, and what is no list", async () => {
    const none = define().forEach("none", [], (_item, inner) => inner.step("x", () => 1));
    expect((await play(none)).output).toEqual({ results: [], totalItems: 0 });
    const wrong = define().forEach(
      "wrong",
      () => 7,
      (_item, inner) => inner.step("x", () => 1),
    );
    expect(play(wrong)).rejects.toThrow("The items of wrong are no list, but number.");
  });
});

describe("other workflows", () => {
  test("a subflow runs as a child; its output goes on", async () => {
    const child = define("child").step("greet", (c) => `hello ${c.payload.name}`);
    const flow = define()
      .step("name", () => "Ada")
      .subflow("greet them", "child", (c: { readonly last: string }) => ({ name: c.last }))
      .step("after", (c) => [c.last, c.steps["greet them"]?.output]);
    expect((await play(flow, undefined, [child])).output).toEqual(["hello Ada", "hello Ada"]);
  });

  test("it may be one that is written natively, and gets the output before where nothing else is said", async () => {
    const child = workflow({ name: "native" }, async (ctx, input: number) => ctx.step("twice", () => input * 2));
    const flow = define()
      .step("four", () => 4)
      .subflow("native one", "native");
    expect((await play(flow, undefined, [child])).output).toBe(8);
  });
});

test("sleep holds the flow up, and a second one has a name of its own", async () => {
  const flow = define()
    .sleep("30m")
    .sleep("15m")
    .step("late", () => "late");
  const engine = await testEngine({ workflows: [flow] });
  const run = await engine.start(flow);
  await engine.advance("44m");
  expect((await run.get()).status).toBe("waiting");
  await engine.advance("2m");
  expect(await run.result()).toBe("late");
  expect((await run.steps()).map(({ name }) => name)).toEqual(["sleep", "sleep-2", "late"]);
  await engine.close();
});
