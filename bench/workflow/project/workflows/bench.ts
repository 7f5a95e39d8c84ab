// The benchmark's workflows in Sluice: imported by the embedded contender, served by `sluice up` for the other one.

import { type Context, workflow } from "sluice";
import { cronflow } from "sluice/cronflow";
import { preciseNow } from "../../../clock.ts";
import { Marks, passGate, timeSteps, type Woken } from "../../marks.ts";

interface Input {
  readonly key: string;
  readonly count?: number;
  readonly ms?: number;
  readonly sentAt?: number;
  readonly tenant?: string;
}

const marks = new Marks();

export const noop = workflow<Input, number>({ name: "noop" }, async () => 0);

async function threeSteps(ctx: Context): Promise<number> {
  const a = await ctx.step("a", () => 1);
  const b = await ctx.step("b", () => 2);
  const c = await ctx.step("c", () => 3);
  return a + b + c;
}

export const steps3 = workflow<Input, number>({ name: "steps3" }, threeSteps);

export const limited3 = workflow<Input, number>({ name: "limited3", concurrency: 100_000 }, threeSteps);

/** Twelve steps by chained calls, each with the output of the one before. */
export const builder12 = Array.from({ length: 12 }, (_, index) => `step ${index + 1}`).reduce(
  (flow, name) =>
    flow.step(name, (ctx) => ({ sum: ((ctx.last as { readonly sum: number } | undefined)?.sum ?? 0) + 1 })),
  cronflow.define({ id: "builder12" }),
);

export const steps = workflow<Input, number[]>({ name: "steps" }, async (ctx, { count = 0 }) => {
  return timeSteps(count, async (index) => ctx.step(`step ${index}`, () => index));
});

export const nap = workflow<Input, Woken>({ name: "nap" }, async (ctx, { key, ms = 0 }) => {
  marks.begin(key);
  await ctx.sleep(ms);
  return marks.woken(key, marks.since(key) - ms);
});

export const listen = workflow<Input, Woken>({ name: "listen" }, async (ctx, { key }) => {
  marks.begin(key);
  const { sentAt } = await ctx.waitFor<{ sentAt: number }>("wake", { key });
  return marks.woken(key, preciseNow() - sentAt);
});

export const stamp = workflow<Input, number>({ name: "stamp" }, async (_ctx, { sentAt = 0 }) => preciseNow() - sentAt);

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

export const fanOut = workflow<Input, number>({ name: "fanOut" }, async (ctx, { key, count = 0 }) => {
  const made = await Promise.all(range(count).map(() => ctx.call(noop, { key })));
  return made.length;
});

export const mapItems = workflow<Input, number>({ name: "mapItems" }, async (ctx, { count = 0 }) => {
  const item = (index: number): Promise<number> => ctx.step("item", () => index);
  return (await ctx.map(range(count), item, { concurrency: 100 })).length;
});

const begun: string[] = [];

async function begin(ctx: Context, { tenant = "", ms = 0, sentAt = 0 }: Input): Promise<number> {
  begun.push(tenant);
  const lateMs = preciseNow() - sentAt;
  await ctx.step("work", () => new Promise<void>((resolve) => void setTimeout(resolve, ms)));
  return lateMs;
}

export const tenants = workflow<Input, number>({ name: "tenants", fairness: { key: "input.tenant" } }, begin);

export const taking = workflow<Input, number>(
  { name: "taking", concurrency: 50, fairness: { key: "input.tenant" } },
  begin,
);

export const calm = workflow<Input, number>(
  { name: "calm", debounce: { wait: "1s", key: "input.tenant" } },
  async (_ctx, { tenant = "" }) => begun.push(tenant),
);

export const turns = workflow<Input, string[]>({ name: "turns" }, async (ctx) =>
  ctx.step("take", () => begun.splice(0)),
);

export const gated = workflow<Input, number>({ name: "gated" }, async (ctx) => {
  await ctx.step("a", () => 1);
  await ctx.step("b", async () => passGate(process.env["BENCH_GATE"] !== "closed"));
  return ctx.step("c", () => 3);
});
