// Streamed output end to end: from workflow and steps, through crashes, bounded.
import { describe, expect, test } from "bun:test";
import { decodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { EngineFixture, rest } from "./engine-fixture.suite.ts";

async function streamed(f: EngineFixture, run: string): Promise<readonly string[]> {
  const { chunks } = await f.store.readStream({ run, after: 0, bytesMax: 1e9 });
  return chunks.map(({ step, index, value }) => `${step?.name ?? "-"} ${index} ${String(decodeValue(value))}`);
}

describe("ctx.stream", () => {
  test("tells what workflow and steps say, in order, before what comes after is journaled", async () => {
    const talks = workflow({ name: "talks" }, async (ctx) => {
      ctx.stream("begin");
      await ctx.step("tokens", async () => {
        for (const token of ["one", "two", "three"]) {
          ctx.stream(token);
          await rest(1);
        }
      });
      ctx.stream("end");
    });
    const f = await EngineFixture.start({ workflows: [talks] });
    const run = await f.run(talks);
    expect((await f.ended(run)).status).toBe("completed");
    expect(await streamed(f, run)).toEqual(["- 0 begin", "tokens 0 one", "tokens 1 two", "tokens 2 three", "- 0 end"]);
  });

  test("is not repeated by a replay; a step that is made again begins at 0 again", async () => {
    const gates: (() => void)[] = [];
    const talks = workflow({ name: "talks" }, async (ctx) => {
      ctx.stream("first");
      await ctx.step("done", () => 1);
      ctx.stream("second");
      await ctx.step("cut off", async () => {
        ctx.stream("token");
        await new Promise<void>((resolve) => gates.push(resolve));
      });
      ctx.stream("last");
    });
    const f = await EngineFixture.start({ workflows: [talks] });
    const run = await f.run(talks);
    while ((await streamed(f, run)).length < 3) await rest(1);
    f.crash();
    const next = await EngineFixture.start({ workflows: [talks], store: f.store });
    while (gates.length < 2) await rest(1);
    gates[1]?.();
    expect((await next.ended(run)).status).toBe("completed");
    expect(await streamed(next, run)).toEqual([
      "- 0 first",
      "- 0 second",
      "cut off 0 token",
      "cut off 0 token",
      "- 0 last",
    ]);
  });

  test("tells listeners, and keeps the newest within the limit", async () => {
    const floods = workflow({ name: "floods" }, async (ctx) => {
      for (let i = 0; i < 300; i++) ctx.stream(`${i} ${"x".repeat(100)}`);
    });
    const f = await EngineFixture.start({ workflows: [floods], limits: { streamBytesMax: 20_000 } });
    let told = 0;
    const stop = f.engine.watchers.onStream("r", () => told++);
    const run = await f.run(floods, undefined, { id: "r" });
    await f.ended(run);
    stop();
    expect(told).toBeGreaterThan(0);
    const { chunks, first } = await f.store.readStream({ run, after: 0, bytesMax: 1e9 });
    expect(chunks.at(-1)?.no).toBe(300);
    expect(first).toBeGreaterThan(1);
    expect(first).toBe(chunks[0]?.no ?? 0);
  });

  test("refuses a piece that is too large or no value", async () => {
    const bad = workflow({ name: "bad" }, async (ctx, what: string) =>
      ctx.stream(what === "large" ? "x".repeat(300_000) : () => undefined),
    );
    const f = await EngineFixture.start({ workflows: [bad] });
    expect((await f.result(bad, "large")).error?.code).toBe("payload_too_large");
    expect((await f.result(bad, "function")).error?.code).toBe("value_not_serializable");
  });
});
