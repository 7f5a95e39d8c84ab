// W3C Trace Context over HTTP: a run is part of the trace it was started in, with everything it begins and calls.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { parseTraceparent, spanIdOf, traceIdOf } from "@sluice/protocol";
import { defineService, workflow } from "@sluice/sdk";
import type { StepContext } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";
import { rootTrace } from "../telemetry/root-trace.ts";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const seen: (string | undefined)[] = [];
const api = defineService({
  id: "api",
  setup: () => ({
    look: (_input: undefined, step: StepContext) => {
      seen.push(step.traceparent);
    },
  }),
}).withConfig();

const inner = workflow({ name: "inner" }, async (ctx) => ctx.step("own", (step) => step.traceparent ?? null));
const outer = workflow({ name: "outer", services: { api } }, async (ctx, hops: number) => {
  const own = await ctx.step("own", (step) => step.traceparent ?? null);
  await ctx.services.api.look();
  const child = await ctx.call(inner, undefined);
  if (hops > 0) await ctx.continueAs(hops - 1);
  return { own, child };
});

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [inner, outer] });
});
afterAll(async () => {
  await f[Symbol.asyncDispose]();
});

async function run(
  header: string | undefined,
  input = 0,
): Promise<{ id: string; output: { own: string; child: string } }> {
  const answer = await f.post(
    "/api/v1/workflows/outer/runs?wait=10s",
    { input },
    header === undefined ? {} : { traceparent: header },
  );
  return (answer.body as { run: { id: string; output: { own: string; child: string } } }).run;
}

describe("a run that is started in a trace", () => {
  test("hands it on to its steps, the services they call and the runs it begins", async () => {
    const { id, output } = await run(traceparent);
    const { traceId = "" } = parseTraceparent(traceparent) ?? {};
    expect(output.own).toBe(`00-${traceId}-${spanIdOf(id, 0, 1)}-01`);
    expect(seen.at(-1)).toBe(`00-${traceId}-${spanIdOf(id, 1, 1)}-01`);
    const { runs } = await f.store.listRuns({ filter: { parent: id }, limit: 1 });
    const child = runs[0];
    expect(child?.trace).toBe(`00-${traceId}-${spanIdOf(id, 2)}-01`);
    expect(output.child).toBe(`00-${traceId}-${spanIdOf(child?.id ?? "", 0, 1)}-01`);
  });

  test("goes on as another in it", async () => {
    const { id } = await run(traceparent.replace(/01$/, "00"), 1);
    const { continuedTo = "" } = (await f.store.getRun({ run: id })) ?? {};
    expect((await f.store.getRun({ run: continuedTo }))?.trace).toBe(
      `00-0af7651916cd43dd8448eb211c80319c-${spanIdOf(id)}-00`,
    );
  });

  test("is part of its own without a header, where traces are exported", async () => {
    await using own = await HttpFixture.make({ workflows: [inner, outer], trace: rootTrace(1) });
    const { body } = await own.post("/api/v1/workflows/outer/runs?wait=10s", { input: 0 });
    const { id, output } = (body as { run: { id: string; output: { own: string } } }).run;
    expect(output.own).toBe(`00-${traceIdOf(id)}-${spanIdOf(id, 0, 1)}-01`);
    const { runs } = await own.store.listRuns({ filter: { parent: id }, limit: 1 });
    expect(runs[0]?.trace).toBe(`00-${traceIdOf(id)}-${spanIdOf(id, 2)}-01`);
    expect((await own.store.getRun({ run: id }))?.trace).toBeUndefined();
  });

  test("is part of none without a header, or with one that is none", async () => {
    for (const header of [undefined, "00-nothing"]) {
      const { id, output } = await run(header);
      const given: readonly unknown[] = [output.own, output.child, seen.at(-1)];
      expect(given).toEqual([null, null, undefined]);
      expect((await f.store.getRun({ run: id }))?.trace).toBeUndefined();
    }
  });
});
