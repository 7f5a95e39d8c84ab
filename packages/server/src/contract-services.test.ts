// The routes of secrets, services and circuit breakers answer what the API document says.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { routes } from "@sluice/protocol/http";
import type { RouteName } from "@sluice/protocol/http";
import { defineService, workflow } from "@sluice/sdk";
import { asking } from "./contract-fixture.suite.ts";
import { HttpFixture } from "./http-fixture.ts";

const api = defineService({
  id: "api",
  circuitBreaker: { name: "pay", failureThreshold: 1 },
  setup: () => ({
    pay: () => {
      throw new Error("no answer");
    },
  }),
}).withConfig();
const pay = workflow({ name: "pay", services: { api } }, (ctx) => ctx.services.api.pay());
const visited = new Set<RouteName>();
let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [pay] });
});
afterAll(async () => f[Symbol.asyncDispose]());

const ask = asking(() => f, visited);

test("answers are what the API document says", async () => {
  await ask("setSecret", ["stripe%2Fkey"], { body: { value: "sk_live_1234567" } });
  await ask("setSecret", ["short"], { body: { value: "12345" } });
  await ask("listSecrets");
  await ask("rotateSecrets", [], { body: {} });
  await ask("removeSecret", ["stripe%2Fkey"]);
  await ask("removeSecret", ["stripe%2Fkey"]);
  await ask("startRun", ["pay"], { query: "?wait=10s", body: { input: null } });
  await ask("listServices");
  await ask("listBreakers");
  await ask("resetBreaker", ["pay"], { body: {} });
  await ask("resetBreaker", ["nothing"], { body: {} });
  const names = Object.keys(routes) as RouteName[];
  expect(names.filter((name) => routes[name].tag === "services" && !visited.has(name))).toEqual([]);
});
