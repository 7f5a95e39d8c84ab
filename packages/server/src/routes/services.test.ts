// Services and circuit breakers over HTTP: one breaker for all workflows that name it, closed by hand.
import { expect, test } from "bun:test";
import { defineService, workflow } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";

const api = defineService({
  id: "payments",
  name: "Payments",
  version: "3.0.0",
  circuitBreaker: { name: "payments", failureThreshold: 2, recoveryTimeout: "1h" },
  setup: () => ({
    pay: (amount: number) => {
      if (amount < 0) throw new Error(`refused ${amount}`);
      return amount;
    },
  }),
}).withConfig();

const pay = workflow({ name: "pay", services: { api } }, (ctx, amount: number) => ctx.services.api.pay(amount));
const other = workflow({ name: "other" }, (ctx) =>
  ctx.step("other", () => "done", { circuitBreaker: { name: "payments", failureThreshold: 2, recoveryTimeout: "1h" } }),
);

async function ended(f: HttpFixture, name: string, input: unknown) {
  const { body } = await f.post(`/api/v1/workflows/${name}/runs?wait=10s`, { input });
  return body.run as { status: string; output: unknown; error: { code: string; message: string } };
}

test("a breaker opens for everybody who names it, is shown with why, and is closed by hand", async () => {
  await using f = await HttpFixture.make({ workflows: [pay, other] });
  expect((await f.get("/api/v1/services")).body).toEqual({ services: [] });
  expect((await f.get("/api/v1/breakers")).body).toEqual({ breakers: [] });
  expect(await ended(f, "pay", 1)).toMatchObject({ status: "completed", output: 1 });
  for (const amount of [-1, -2]) expect((await ended(f, "pay", amount)).error.message).toBe(`refused ${amount}`);
  expect((await ended(f, "other", null)).error).toMatchObject({ code: "circuit_open" });
  const [breaker] = (await f.get("/api/v1/breakers")).body.breakers;
  expect(breaker).toMatchObject({
    name: "payments",
    state: "open",
    failures: 2,
    failureThreshold: 2,
    recoveryTimeoutMs: 3_600_000,
    halfOpenMax: 1,
    openedCount: 1,
    error: "refused -2",
  });
  expect(breaker.openUntil - breaker.changedAt).toBe(3_600_000);
  const [service] = (await f.get("/api/v1/services")).body.services;
  expect(service).toMatchObject({
    id: "payments",
    name: "Payments",
    version: "3.0.0",
    status: "running",
    message: null,
  });
  expect((await f.post("/api/v1/breakers/payments/reset")).status).toBe(204);
  expect(await ended(f, "other", null)).toMatchObject({ status: "completed", output: "done" });
  expect((await f.post("/api/v1/breakers/nothing/reset")).body.error.code).toBe("breaker_not_found");
  const { records } = (await f.get("/api/v1/audit?action=breaker:*")).body;
  expect(records.map((row: { target: string; outcome: string }) => [row.target, row.outcome])).toEqual([
    ["breaker:nothing", "refused"],
    ["breaker:payments", "done"],
  ]);
});
