// The routes of keys and versions answer what the API document says.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { routes } from "@sluice/protocol/http";
import type { RouteName } from "@sluice/protocol/http";
import { workflow } from "@sluice/sdk";
import { asking } from "./contract-fixture.suite.ts";
import { HttpFixture } from "./http-fixture.ts";

const sealed = workflow({ name: "sealed", encrypt: true }, async (ctx, waits: boolean) => {
  if (waits) await ctx.waitFor("go");
});
const visited = new Set<RouteName>();
let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [sealed] });
});
afterAll(async () => f[Symbol.asyncDispose]());

const ask = asking(() => f, visited);

test("answers are what the API document says", async () => {
  const run = async (waits: boolean): Promise<string> => {
    const { body } = await f.post("/api/v1/workflows/sealed/runs?wait=5s", { input: waits });
    return (body as { run: { id: string } }).run.id;
  };
  const ended = await run(false);
  const started = await f.post("/api/v1/workflows/sealed/runs", { input: true });
  const { id: waiting } = (started.body as { run: { id: string } }).run;
  await f.until(waiting, "waiting");
  await ask("listVersions");
  await ask("moveRun", [waiting], { body: {} });
  await ask("moveRun", [ended], { body: {} });
  await ask("moveRun", ["none"], { body: {} });
  await ask("drainVersion", ["v1"], { body: { workflow: "sealed" } });
  await ask("drainVersion", ["v0"], { body: { workflows: "sealed" } });
  await ask("listKeys");
  await ask("rotateKeys", [], { body: {} });
  await ask("rotateKeys", [], { body: { workflow: "none" } });
  await ask("eraseRun", [waiting], { body: {} });
  await ask("eraseRun", [ended], { body: {} });
  await ask("eraseKeys", [], { body: { workflow: "sealed" } });
  await ask("eraseKeys", [], { body: { workflow: "none" } });
  const names = Object.keys(routes) as RouteName[];
  const tags = new Set<string>(["keys", "versions"]);
  expect(names.filter((name) => tags.has(routes[name].tag) && !visited.has(name))).toEqual([]);
});
