// Starts while no worker is up: the exported JSON Schema decides, and where there is none nobody can.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { webhook, workflow } from "@sluice/sdk";
import type { StandardSchemaV1 } from "@sluice/sdk";
import { HttpFixture } from "./http-fixture.ts";

const opaque: StandardSchemaV1<unknown, unknown> = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) },
};
/** Offers a JSON Schema, as libraries do. */
const exported = {
  "~standard": {
    ...opaque["~standard"],
    jsonSchema: {
      input: () => ({
        type: "object",
        properties: { total: { type: "number", exclusiveMinimum: 0 } },
        required: ["total"],
      }),
    },
  },
} as StandardSchemaV1<unknown, { readonly total: number }>;
const order = workflow(
  { name: "order", input: exported, triggers: [webhook("/orders")] },
  async (_ctx, input) => input.total,
);
const secret = workflow({ name: "secret", input: opaque, triggers: [webhook("/secret")] }, async () => 1);
const free = workflow<unknown>({ name: "free" }, async () => 1);

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [order, secret, free], worker: false });
});
afterAll(async () => f[Symbol.asyncDispose]());

const started = async (): Promise<number> => (await f.get("/api/v1/runs")).body.runs.length;

test("an input that the exported schema refuses makes no run, one that it takes is queued", async () => {
  const before = await started();
  for (const path of ["/api/v1/workflows/order/runs", "/hooks/orders"]) {
    const body = (total: unknown): unknown => (path.startsWith("/hooks") ? { total } : { input: { total } });
    const bad = await f.post(path, body(-1));
    expect(bad.status).toBe(400);
    expect(bad.body.error).toMatchObject({ code: "invalid_input", details: [{ path: "/total" }] });
    expect(await started()).toBe(before + (path.startsWith("/hooks") ? 1 : 0));
    const good = await f.post(path, body(5));
    expect(good.status).toBe(path.startsWith("/hooks") ? 202 : 201);
    const run = good.body.runId ?? good.body.run.id;
    expect((await f.get(`/api/v1/runs/${run}`)).body.run).toMatchObject({ status: "queued", input: { total: 5 } });
  }
});

test("without an exported schema it is 503, and nothing is stored", async () => {
  const before = await started();
  for (const path of ["/api/v1/workflows/secret/runs", "/hooks/secret"]) {
    const { status, body } = await f.post(path, {});
    expect(status).toBe(503);
    expect(body.error).toMatchObject({ code: "no_worker", hint: expect.any(String) });
  }
  expect(await started()).toBe(before);
});

test("what has no schema at all is queued", async () => {
  const { status, body } = await f.post("/api/v1/workflows/free/runs", { input: [1] });
  expect(status).toBe(201);
  expect(body.run.status).toBe("queued");
});
