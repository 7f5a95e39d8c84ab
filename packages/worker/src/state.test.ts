// State: what is asked of the engine for each verb and scope, and how answers come back.
import { expect, test } from "bun:test";
import { decodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { Context } from "@sluice/sdk";
import { PlayedEngine } from "./played-engine.suite.ts";

async function asked(body: (ctx: Context) => Promise<unknown>) {
  const engine = new PlayedEngine([workflow({ name: "flow" }, body)]);
  await engine.assign();
  return engine.ops().flatMap((op) => (op.op === "state" ? [op] : []));
}

test("each verb names scope, verb and key, and has its own fingerprint", async () => {
  const ops = await asked(async (ctx) => {
    await Promise.all([
      ctx.state.run.get("k"),
      ctx.state.workflow.set("k", new Set([1]), { ttl: "1m" }),
      ctx.state.global.incr("k"),
      ctx.state.global.incr("k", -2),
      ctx.state.run.delete("k"),
    ]);
  });
  expect(ops.map(({ name, n, scope, verb, key }) => [name, n, scope, verb, key])).toEqual([
    ["run:get:k", 0, "run", "get", "k"],
    ["workflow:set:k", 0, "workflow", "set", "k"],
    ["global:incr:k", 0, "global", "incr", "k"],
    ["global:incr:k", 1, "global", "incr", "k"],
    ["run:delete:k", 0, "run", "delete", "k"],
  ]);
  expect(ops.map(({ amount, ttl }) => [amount, ttl])).toEqual([
    [undefined, undefined],
    [undefined, 60_000],
    [1, undefined],
    [-2, undefined],
    [undefined, undefined],
  ]);
  expect(decodeValue(ops[1]?.value ?? new Uint8Array(0))).toEqual(new Set([1]));
});

test("answers come back decoded; an absent key gives the fallback", async () => {
  const seen: unknown[] = [];
  const flow = workflow({ name: "flow" }, async (ctx) => {
    seen.push(await ctx.state.run.get("a"), await ctx.state.run.get("b", "fallback"), await ctx.state.run.get("c"));
    seen.push(await ctx.state.run.incr("d"), await ctx.state.run.delete("e"));
  });
  const engine = new PlayedEngine([flow]);
  await engine.assign();
  const answers = [new Date(1), undefined, undefined, 7, true];
  for (const [seq, answer] of answers.entries()) await engine.settle([seq, answer]);
  expect(seen).toEqual([new Date(1), "fallback", undefined, 7, true]);
});

test("a value that cannot be stored and a time to live that is none are refused before anything is asked", async () => {
  const codes: unknown[] = [];
  const note = (error: unknown): unknown => codes.push((error as { code: unknown }).code);
  const ops = await asked(async (ctx) => {
    await ctx.state.run.set("k", () => 1).catch(note);
    await ctx.state.run.set("k", 1, { ttl: "soon" }).catch(note);
    await ctx.waitFor("end");
  });
  expect(ops).toEqual([]);
  expect(codes).toEqual(["value_not_serializable", "invalid_duration"]);
});
