// Log lines and progress: said when they are new, not when the workflow only catches up with its journal.
import { describe, expect, test } from "bun:test";
import { decodeValue, encodeError } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { entry, PlayedEngine } from "./played-engine.suite.ts";

const flow = workflow({ name: "flow" }, async (ctx) => {
  ctx.log("before", { a: 1 });
  ctx.progress(1);
  await ctx.step("a", () => 1);
  ctx.log.warn("after a");
  ctx.progress(2);
  await ctx.waitFor("e");
  ctx.log.error("after e");
  ctx.progress(3);
  await ctx.waitFor("end");
});

const messages = (engine: PlayedEngine): unknown[] =>
  engine.ops().flatMap((op) => {
    if (op.op === "log") return [`${op.level} ${op.message}`];
    return op.op === "progress" ? [decodeValue(op.value)] : [];
  });

test("lines have level, text, data and time", async () => {
  const levels = workflow({ name: "flow" }, async (ctx) => {
    ctx.log("plain");
    ctx.log.debug("d", 1);
    ctx.log.info("i", undefined);
    ctx.log.warn("w", null);
    ctx.log.error(7 as never, new Date(5));
    await ctx.waitFor("end");
  });
  const engine = new PlayedEngine([levels]);
  await engine.assign();
  const lines = engine.ops().flatMap((op) => (op.op === "log" ? [op] : []));
  expect(lines.map(({ level, message, at }) => [level, message, at])).toEqual([
    ["info", "plain", 1_000],
    ["debug", "d", 1_000],
    ["info", "i", 1_000],
    ["warn", "w", 1_000],
    ["error", "7", 1_000],
  ]);
  expect(lines.map(({ data }) => (data === undefined ? "none" : decodeValue(data)))).toEqual([
    "none",
    1,
    "none",
    null,
    new Date(5),
  ]);
});

test("data that cannot be stored is left out and named; the run does not fail for it", async () => {
  const bad = workflow({ name: "flow" }, async (ctx) => {
    ctx.log("bad", { f: () => 1 });
    await ctx.waitFor("end");
  });
  const engine = new PlayedEngine([bad]);
  await engine.assign();
  const [line] = engine.ops();
  if (line?.op !== "log") expect.unreachable();
  expect(line.message).toStartWith("bad (data left out: $.f is a function");
  expect(line.data).toBeUndefined();
});

describe("on replay", () => {
  const step = entry({ seq: 0, kind: "step", name: "a", ord: 1 });
  const event = entry({ seq: 1, kind: "event", name: "e" });
  const settled = { ...event, status: "completed", ord: 2, end: 1_002 } as const;

  test("a new run says everything", async () => {
    const engine = new PlayedEngine([flow]);
    await engine.assign();
    expect(messages(engine)).toEqual(["info before", 1]);
    await engine.settle(0);
    expect(messages(engine)).toEqual(["warn after a", 2]);
  });

  test("what lies before the last thing recorded was said before; what follows it is new", async () => {
    const engine = new PlayedEngine([flow]);
    await engine.assign({ journal: [step, settled] });
    expect(messages(engine)).toEqual(["error after e", 3]);
  });

  test("nothing is said by a replay check, nor while a run that is ending is replayed", async () => {
    for (const rest of [
      { check: true },
      { cancel: { status: "cancelled", reason: "cancelled_by_user", message: "stop" } },
      { outcome: { op: "undoing", status: "failed" } },
    ] as const) {
      const engine = new PlayedEngine([flow]);
      await engine.assign({ journal: [step, settled], ...rest });
      expect(messages(engine)).toEqual([]);
    }
  });

  test("nothing is said by an incarnation that was dropped", async () => {
    const gate = Promise.withResolvers<void>();
    const late = workflow({ name: "flow" }, async (ctx) => {
      await gate.promise;
      ctx.log("late");
      ctx.progress("late");
    });
    const engine = new PlayedEngine([late]);
    await engine.assign();
    await engine.events({ event: "drop" });
    gate.resolve();
    await engine.clock.rest();
    expect(engine.messages).toEqual([]);
  });
});

describe("keys", () => {
  const keyed = (engine: PlayedEngine): string[] =>
    engine.ops().flatMap((op) => (op.op === "log" ? [`${op.message} ${op.key}`] : []));
  const talk = workflow({ name: "flow" }, async (ctx) => {
    ctx.log("one");
    ctx.log("two");
    await ctx.step("a", () => ctx.log("in a"));
    ctx.log("after a");
    const attempted = ctx.step(
      "b",
      () => {
        ctx.log("in b");
        throw new Error("again");
      },
      { retry: { attempts: 9, delay: 0 } },
    );
    ctx.log("beside b");
    await attempted;
  });
  const step = entry({ seq: 0, kind: "step", name: "a", ord: 1 });

  test("say where a line was written, so that it has the same one when it is written again", async () => {
    const live = new PlayedEngine([talk]);
    await live.assign();
    expect(keyed(live)).toEqual(["one 1:0:0", "two 1:0:1", "in a 1:step 0:1:0:a"]);
    await live.settle(0);
    const after = ["after a 1:1:0", "beside b 1:1:1", "in b 1:step 1:1:0:b"];
    expect(keyed(live).toSorted()).toEqual(after.toSorted());
    const again = new PlayedEngine([talk]);
    await again.assign({ journal: [step] });
    expect(keyed(again).toSorted()).toEqual(after.toSorted());
  });

  test("differ between the attempts of a step, and between a run and an operator's retry of it", async () => {
    const engine = new PlayedEngine([talk]);
    const failed = { ...entry({ seq: 1, kind: "step", name: "b" }), attempt: 1, error: encodeError(new Error("x")) };
    await engine.assign({ journal: [step, failed], attempt: 2 });
    expect(keyed(engine).toSorted()).toEqual(["after a 2:1:0", "beside b 2:1:1", "in b 2:step 1:2:0:b"]);
  });
});
