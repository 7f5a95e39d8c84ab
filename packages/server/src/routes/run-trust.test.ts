// What is believed of whom: priorities of narrow tokens, and results in files of runs that somebody brought in.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";

let f: HttpFixture;
let checks = 0;
const sell = workflow({ name: "a/sell", priority: 3 }, async (ctx) => {
  const checked = await ctx.step("check", () => ({ ok: false, made: ++checks }));
  return ctx.step("sell", () => checked.ok);
});
const other = workflow({ name: "b/other" }, async () => 1);

async function holder(name: string, more: object): Promise<(path: string, body?: object) => Promise<Answer>> {
  const { body } = await f.post("/api/v1/tokens", { name, role: "developer", ...more });
  const headers = { authorization: `Bearer ${body.token}`, "content-type": "application/json" };
  return (path, content = {}) => f.send(path, { method: "POST", token: null, headers, body: JSON.stringify(content) });
}

beforeAll(async () => void (f = await HttpFixture.make({ workflows: [sell, other] })));
afterAll(async () => f[Symbol.asyncDispose]());

test("whoever may start some workflows only gives their runs no priority above that of their code", async () => {
  const narrow = await holder("narrow", { limits: { workflow: ["a/*"] } });
  const start = "/api/v1/workflows/a%2Fsell/runs";
  const high = await narrow(start, { priority: 4 });
  expect([high.status, high.body.error.code]).toEqual([403, "forbidden"]);
  for (const priority of [3, 0, -5]) {
    const { status, body } = await narrow(start, { priority });
    expect([status, body.run.priority]).toEqual([201, priority]);
  }
  expect((await narrow(start)).body.run.priority).toBe(3);
  const wide = await holder("wide", {});
  expect((await wide(start, { priority: 900 })).body.run.priority).toBe(900);
});

test("results in a file that was imported go into no fork, unless somebody who may answers for them", async () => {
  const { body } = await f.post("/api/v1/workflows/a%2Fsell/runs", { id: "sold" });
  await f.until(body.run.id, "completed");
  const file = (await f.get("/api/v1/runs/sold/export")).body;
  file.run.id = "forged";
  file.journal[0].value = { json: { ok: true, made: 99 } };
  expect((await f.post("/api/v1/run-imports", file)).status).toBe(201);
  const developer = await holder("developer", {});
  for (const from of ["sell", null]) {
    const refused = await developer("/api/v1/runs/forged/fork", { from });
    expect([refused.status, refused.body.error.code]).toEqual([409, "conflict"]);
    expect(refused.body.error.hint).toContain("run:trust");
  }
  const asks = await developer("/api/v1/runs/forged/fork", { from: "sell", trustImported: true });
  expect([asks.status, asks.body.error.details]).toEqual([403, { permission: "run:trust" }]);
  // Everything is done again.
  const again = await developer("/api/v1/runs/forged/fork", { from: "check" });
  await f.until(again.body.run.id, "completed");
  expect((await f.get(`/api/v1/runs/${again.body.run.id}`)).body.run.output).toBe(false);
  const trusted = await f.post("/api/v1/runs/forged/fork", { from: "sell", trustImported: true });
  expect(trusted.status).toBe(201);
  await f.until(trusted.body.run.id, "completed");
  expect((await f.get(`/api/v1/runs/${trusted.body.run.id}`)).body.run.output).toBe(true);
});
