import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect, workflow } from "@sluice/sdk";
import type { Fetch } from "@sluice/sdk";
import { HttpFixture, token } from "../http-fixture.ts";

const order = workflow(
  { name: "order", attributes: { total: "number", customer: "keyword", paid: "boolean", due: "time" } },
  async (ctx, total: number) => ctx.attributes.set({ total, paid: total > 10 }),
);

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [order] });
  for (const total of [5, 50, 500]) {
    const attributes = { customer: total === 50 ? "a,b" : "acme", due: "2026-01-31T08:00:00Z" };
    await f.post("/api/v1/workflows/order/runs?wait=10s", { input: total, id: `r${total}`, attributes });
  }
});
afterAll(async () => f[Symbol.asyncDispose]());

async function found(query: string): Promise<unknown> {
  const { body } = await f.get(`/api/v1/runs?${query}`);
  return body.runs?.map(({ id }: { id: string }) => id) ?? body.error.code;
}

describe("search attributes over HTTP", () => {
  test("are shown with the run, and what a workflow declares with it", async () => {
    const { body } = await f.get("/api/v1/runs/r50");
    expect(body.run.attributes).toEqual({ customer: "a,b", due: 1_769_846_400_000, paid: true, total: 50 });
    const { attributes } = (await f.get("/api/v1/workflows/order")).body.workflow;
    expect(attributes).toEqual({ total: "number", customer: "keyword", paid: "boolean", due: "time" });
  });

  test("narrow the list, each as a parameter or all in one", async () => {
    const all = ["r500", "r50", "r5"];
    expect(await found("attr.total>=50")).toEqual(all.slice(0, 2));
    expect(await found("attr.total>50")).toEqual(all.slice(0, 1));
    expect(await found("attr.total<50&attr.customer=acme")).toEqual(["r5"]);
    expect(await found("attr.total!=50")).toEqual(["r500", "r5"]);
    expect(await found("attr.customer=a,b")).toEqual(["r50"]);
    expect(await found(`attr=${encodeURIComponent('customer="a,b",total>=50')}`)).toEqual(["r50"]);
    expect(await found(`attr=${encodeURIComponent("paid=false")}`)).toEqual(["r5"]);
    expect(await found(`${encodeURIComponent("attr.due<2026-02-01")}=`)).toEqual(all);
    expect(await found("attr.due>2026-02-01")).toEqual([]);
  });

  test("that make no sense are refused", async () => {
    for (const query of ["attr.total>=much", "attr.none=1", "attr=total", "attr.customer~a", "attrs=1"])
      expect(await found(query)).toBe("invalid_filter");
    const wrong = await f.post("/api/v1/workflows/order/runs", { input: 1, attributes: { none: 1 } });
    expect(wrong.body.error.code).toBe("bad_request");
  });

  test("narrow a bulk operation, and the list of a client", async () => {
    const bulk = { action: "cancel", filter: { attributes: ["total>=50", "customer=acme"] }, dryRun: true };
    expect((await f.post("/api/v1/runs/bulk", bulk)).body).toEqual({ matched: 1, changed: 0, refused: 0 });
    const fetchHere: Fetch = async (url, init) => f.http.fetch(new Request(url, init));
    const client = connect({ url: "http://127.0.0.1:7890/", token, fetch: fetchHere });
    const run = await client.start(order, 7, { attributes: { customer: "new", due: new Date(0) } });
    await run.result();
    const { runs } = await client.runs({ attributes: ["customer=new", "due<1"] });
    expect(runs.map(({ attributes }) => attributes)).toEqual([{ customer: "new", due: 0, paid: false, total: 7 }]);
  });
});
