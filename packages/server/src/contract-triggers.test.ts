// Every route of triggers answers as the API document says.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fileWatch, manual, onEvent, poll, webhook, workflow } from "@sluice/sdk";
import type { RouteName } from "@sluice/protocol/http";
import { routes } from "@sluice/protocol/http";
import { asking } from "./contract-fixture.suite.ts";
import { HttpFixture } from "./http-fixture.ts";

const every = workflow<unknown>(
  {
    name: "every",
    triggers: [
      webhook("/plain/:id", { secret: { env: "X" }, rateLimit: { count: 5, per: "1m" }, reply: { wait: "1s" } }),
      webhook("/open", { condition: () => true }),
      poll("items", {
        every: "1h",
        fetch: () => {
          throw new Error("no answer");
        },
      }),
      onEvent("e", { match: { a: 1 }, debounce: { wait: "1s", maxWait: "2s", key: "a" } }),
      fileWatch("in/*.csv"),
      manual({ title: "By hand" }),
    ],
  },
  async (_ctx, input) => input,
);

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [every] });
});
afterAll(async () => f[Symbol.asyncDispose]());

test("answers of every route are what the API document says", async () => {
  const visited = new Set<RouteName>();
  const ask = asking(() => f, visited);
  await ask("runTrigger", ["every:items"], { body: {} });
  const { triggers } = (await ask("listTriggers", [], { query: "?workflow=every" })).body;
  expect(triggers).toHaveLength(6);
  for (const { id } of triggers) await ask("getTrigger", [id]);
  await ask("getTrigger", ["none"]);
  await ask("pauseTrigger", ["every:items"], { body: {} });
  await ask("resumeTrigger", ["every:items"], { body: {} });
  expect((await ask("runTrigger", ["every:manual"], { body: { values: 1 } })).status).toBe(201);
  const dry = { body: { body: { n: 1 }, headers: { "x-a": "b" }, query: "a=1", dryRun: true } };
  expect((await ask("testTrigger", ["every:POST /open"], dry)).body.status).toBe("started");
  const sent = await ask("testTrigger", ["every:POST /plain/:id"], { body: { params: { id: "1" } } });
  await ask("redeliver", [sent.body.delivery], { body: {} });
  await f.send("/hooks/plain/1", { method: "POST", token: null });
  const page = (await ask("listDeliveries", [], { query: "?workflow=every&limit=1" })).body;
  await ask("listDeliveries", [], { query: `?status=refused&cursor=${page.nextCursor}` });
  await ask("getDelivery", [page.deliveries[0].id]);
  await ask("getDelivery", [sent.body.delivery]);
  const all = (Object.keys(routes) as RouteName[]).filter((name) => routes[name].tag === "triggers");
  expect([...visited].toSorted()).toEqual(all.toSorted());
});
