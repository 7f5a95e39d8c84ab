// Search attributes end to end: declared, given at the start, set by the run, found, and the same after a replay.
import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { attributeFilter } from "./attributes.ts";
import { EngineFixture, tester } from "./engine-fixture.suite.ts";

const order = workflow(
  { name: "order", attributes: { total: "number", customer: "keyword", due: "time" } },
  async (ctx, input: { total: number }) => {
    ctx.attributes.set({ total: input.total });
    await ctx.step("price", () => 1);
    ctx.attributes.set({ total: input.total * 2, due: new Date(5_000) });
    await ctx.waitFor("paid");
    ctx.attributes.set({ due: null });
  },
);

async function found(f: EngineFixture, ...conditions: string[]): Promise<readonly string[]> {
  const filter = attributeFilter(conditions, f.engine.deployments);
  if (!filter.ok) throw new Error(`${filter.error.code}: ${filter.error.hint}`);
  const { runs } = await f.store.listRuns({ filter: filter.value, limit: 9 });
  return runs.map(({ id }) => id);
}

describe("search attributes", () => {
  test("are set by a run, and not set back by a replay", async () => {
    const f = await EngineFixture.start({ workflows: [order] });
    const run = await f.run(order, { total: 50 }, { attributes: { customer: "acme" } });
    await f.until(run, "waiting");
    const attributes = async (at: EngineFixture) =>
      (await at.store.getRun({ run }))?.attributes?.map(({ name, value }) => `${name}=${String(value)}`);
    expect(await attributes(f)).toEqual(["customer=acme", "due=5000", "total=100"]);
    f.crash();
    const next = await EngineFixture.start({ workflows: [order], store: f.store });
    await next.emit("paid");
    expect((await next.ended(run)).status).toBe("completed");
    expect(await attributes(next)).toEqual(["customer=acme", "total=100"]);
    expect(await found(next, "total>=100", "customer=acme")).toEqual([run]);
    expect(await found(next, "total>100")).toEqual([]);
  });

  test("that are not declared, or do not fit, are refused: of a start, of a run, of a filter", async () => {
    const bad = workflow({ name: "bad", attributes: { total: "number" } }, async (ctx, values: object) =>
      ctx.attributes.set(values as never),
    );
    const f = await EngineFixture.start({ workflows: [order, bad] });
    for (const values of [{ total: "much" }, { none: 1 }, { total: Number.NaN }]) {
      expect(await f.result(bad, values)).toMatchObject({ status: "failed", error: { code: "bad_request" } });
      const input = encodeValue({});
      const started = await f.engine.startRun({ by: tester, workflow: "bad", input, attributes: values });
      expect(started).toMatchObject({ ok: false, error: { code: "bad_request" } });
    }
    for (const text of ["total", "none=1", "total=much", "customer~a", "due>soon"]) {
      expect(attributeFilter([text], f.engine.deployments)).toMatchObject({
        ok: false,
        error: { code: "invalid_filter" },
      });
    }
  });

  test("have one type in all workflows that are deployed together", async () => {
    const f = await EngineFixture.start({ workflows: [order] });
    const other = { name: "other", triggers: [], validates: false, attributes: { total: "text" } } as const;
    const same = { name: "same", triggers: [], validates: false, attributes: { total: "number" } } as const;
    expect(await f.engine.deploy("v2", [same, other])).toMatchObject({
      ok: false,
      error: { code: "invalid_workflow" },
    });
    expect(await f.engine.deploy("v3", [same])).toMatchObject({ ok: true });
  });

  test("are handed on to a fork", async () => {
    const f = await EngineFixture.start({ workflows: [order] });
    const run = await f.run(order, { total: 1 });
    await f.until(run, "waiting");
    const forked = await f.engine.operations.fork({ by: tester, run });
    expect(forked.ok && forked.value.attributes?.map(({ name }) => name)).toEqual(["due", "total"]);
  });
});
