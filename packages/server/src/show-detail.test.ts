// Runs and steps without their large values, and with the stacks of their errors, as a page about one run asks for them.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { NonRetryableError, workflow } from "@sluice/sdk";
import { HttpFixture } from "./http-fixture.ts";

const large = "x".repeat(3_000);
const child = workflow<unknown>({ name: "child" }, async (ctx) => ctx.step("in the child", () => 1));
const mixed = workflow<string>({ name: "mixed" }, async (ctx, input) => {
  await ctx.step("small", () => "y");
  await ctx.step("large", () => input);
  await ctx.call(child, {});
  await ctx.step("breaks", () => {
    throw new NonRetryableError("no luck");
  });
});

let f: HttpFixture;
let run: string;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [mixed, child] });
  ({ id: run } = (await f.post("/api/v1/workflows/mixed/runs?wait=10s", { input: large })).body.run);
});
afterAll(async () => f[Symbol.asyncDispose]());

test("values beyond 2 kB are left out where only small ones are asked for, and named", async () => {
  const { body } = await f.get(`/api/v1/runs/${run}?small=true`);
  expect(body.run).toMatchObject({ input: null, omitted: ["input"], status: "failed" });
  const { steps } = (await f.get(`/api/v1/runs/${run}/steps?small=true`)).body;
  expect(steps[0]).toMatchObject({ output: "y" });
  expect(steps[0].omitted).toBeUndefined();
  expect(steps[1]).toMatchObject({ name: "large", output: null, omitted: ["output"] });
  const whole = (await f.get(`/api/v1/runs/${run}`)).body.run;
  expect(whole.input).toBe(large);
  expect(whole.omitted).toBeUndefined();
  expect((await f.get(`/api/v1/runs/${run}/steps`)).body.steps[1].output).toBe(large);
});

test("stacks are there when they are asked for, and only then", async () => {
  const asked = await f.get(`/api/v1/runs/${run}?stacks=true&wait=1s`);
  expect(asked.body.run.error.details.stack).toContain("show-detail.test.ts");
  const steps = (await f.get(`/api/v1/runs/${run}/steps?stacks=true`)).body.steps;
  expect(steps.at(-1).error.details.stack).toContain("show-detail.test.ts");
  const unasked = await f.get(`/api/v1/runs/${run}?stacks=false`);
  expect(unasked.body.run.error.details.stack).toBeUndefined();
  expect((await f.get(`/api/v1/runs/${run}/steps`)).body.steps.at(-1).error.details.stack).toBeUndefined();
});

test("a child run says which step started it", async () => {
  const { runs } = (await f.get(`/api/v1/runs?parent=${run}`)).body;
  expect(runs).toHaveLength(1);
  expect(runs[0]).toMatchObject({ workflow: "child", parent: run, parentStep: 2 });
  expect((await f.get(`/api/v1/runs/${run}`)).body.run.parentStep).toBeNull();
});

test("what is neither true nor false is refused", async () => {
  const { status, body } = await f.get(`/api/v1/runs/${run}/steps?small=yes`);
  expect([status, body.error.code]).toEqual([400, "invalid_filter"]);
});
