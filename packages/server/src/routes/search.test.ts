import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { systemClock } from "@sluice/core";
import { consoleSections } from "@sluice/protocol/http";
import { contracts, schemas } from "@sluice/protocol/http-schemas";
import { schedule, workflow } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";
import { searchSources } from "../search/sources.ts";
import { password } from "./identity-fixture.suite.ts";

const workflows = ["shop/order", "shop/refund", "secret/order"].map((name) =>
  workflow<{ ask?: boolean }>(
    { name, description: `what ${name} does`, triggers: [schedule("0 3 * * *", { name: "nightly" })] },
    async (ctx, input) => {
      if (input.ask === true) await ctx.approve("the boss", { description: "a large order" });
    },
  ),
);
const json = { "content-type": "application/json" };

let f: HttpFixture;
let narrow: Record<string, string>;

const start = async (name: string, body: object): Promise<void> => {
  const { status } = await f.post(`/api/v1/workflows/${encodeURIComponent(name)}/runs`, { input: {}, ...body });
  expect(status).toBe(201);
};
const newToken = async (body: object): Promise<Record<string, string>> => {
  const { body: made } = await f.post("/api/v1/tokens", body);
  return { authorization: `Bearer ${made.token}` };
};
interface Hit {
  readonly id: string;
  readonly title: string;
  readonly page: string;
  readonly status: string | null;
  readonly detail: string | null;
}
const groupsOf = async (query: string, headers: Record<string, string> = {}) => {
  const { status, body } = await f.send(`/api/v1/search?${query}`, { headers });
  expect(status).toBe(200);
  return body.groups as readonly { readonly noun: string; readonly more: boolean; readonly hits: readonly Hit[] }[];
};
/** `noun id` of everything found. */
const find = async (text: string, headers?: Record<string, string>) => {
  const groups = await groupsOf(`q=${encodeURIComponent(text)}`, headers);
  return groups.flatMap(({ noun, hits }) => hits.map(({ id }) => `${noun} ${id}`));
};

beforeAll(async () => {
  f = await HttpFixture.make({ workflows });
  await start("shop/order", { id: "order-1", idempotencyKey: "customer-7", tags: ["eu", "vip"] });
  await f.until("order-1", "completed");
  await start("shop/refund", { id: "order-2", tags: ["europe"], input: { ask: true } });
  await f.until("order-2", "waiting");
  await start("secret/order", { id: "order-3", idempotencyKey: "customer-70", tags: ["eu"], input: { ask: true } });
  await f.until("order-3", "waiting");
  for (const name of ["order.paid", "stock.low"]) await f.post("/api/v1/events", { name });
  for (const [scope, key] of [
    ["global", "orders/last"],
    ["workflow:secret/order", "orders/secret"],
    ["run:order-1", "orders/own"],
  ] as const) {
    const path = `/api/v1/state/${encodeURIComponent(scope)}/${encodeURIComponent(key)}`;
    await f.send(path, { method: "PUT", headers: json, body: '{"value":1}' });
  }
  narrow = await newToken({
    name: "orders of the shop",
    role: "developer",
    limits: { workflow: ["shop/*"], event: ["stock.*"], state: ["orders/*"] },
  });
});
afterAll(async () => f[Symbol.asyncDispose]());

describe("search", () => {
  test("finds every noun by its names, grouped", async () => {
    expect(await find("order")).toEqual([
      "runs order-3",
      "runs order-2",
      "runs order-1",
      "workflows secret/order",
      "workflows shop/order",
      "schedules secret/order:nightly",
      "schedules shop/order:nightly",
      "approvals order-2:0",
      "approvals order-3:0",
      "events order.paid",
      "state global orders/last",
      "state workflow:secret/order orders/secret",
      expect.stringMatching(/^tokens /),
    ]);
    expect(await find("customer-7")).toEqual(["runs order-1", "runs order-3"]);
    expect(await find("eu")).toEqual(["runs order-3", "runs order-1", "runs order-2"]);
    expect(await find("ORDER.PAID")).toEqual(["events order.paid"]);
    expect(await find("refund")).toEqual([
      "workflows shop/refund",
      "schedules shop/refund:nightly",
      "approvals order-2:0",
    ]);
    expect(await find("large")).toEqual(["approvals order-2:0", "approvals order-3:0"]);
    expect(await find("audit")).toEqual(["settings audit"]);
    expect(await find("  roles ")).toEqual(["settings roles"]);
    expect(await find("nothing like it")).toEqual([]);
  });

  test("answers as the contract says, with pages of the console", async () => {
    const { body } = await f.get("/api/v1/search?q=order");
    expect(schemas.SearchResults.safeParse(body).error).toBeUndefined();
    const pages = (body.groups as readonly { hits: readonly Hit[] }[]).flatMap(({ hits }) =>
      hits.map((hit) => hit.page),
    );
    expect(pages).toContain("/runs/order-1");
    expect(pages).toContain("/workflows/shop%2Forder");
    expect(pages).toContain("/state?scope=workflow%3Asecret%2Forder&key=orders%2Fsecret");
    for (const page of pages) expect(consoleSections as readonly string[]).toContain(page.split(/[/?]/)[1]!);
    const [runs] = body.groups;
    expect(runs.hits[2]).toEqual({
      id: "order-1",
      title: "order-1",
      detail: "shop/order",
      page: "/runs/order-1",
      status: "completed",
      at: expect.any(Number),
    });
    const { token } = (await f.get("/api/v1/approvals?run=order-2")).body.approvals[0];
    expect(JSON.stringify(body)).not.toContain(token);
  });

  test("is for one noun, and as many hits, where it is asked so", async () => {
    expect((await groupsOf("q=order&noun=workflows")).map(({ noun }) => noun)).toEqual(["workflows"]);
    const [runs] = await groupsOf("q=order&noun=runs&limit=2");
    expect([runs?.more, runs?.hits.map(({ id }) => id)]).toEqual([true, ["order-3", "order-2"]]);
    const [all] = await groupsOf("q=order&noun=runs&limit=3");
    expect(all?.more).toBe(false);
    const refused = ["", "q=", "q=%20%20", `q=${"x".repeat(201)}`, "q=a&noun=elephants", "q=a&limit=51", "q=a&limit=0"];
    for (const query of [...refused, "q=a&text=b", "q=a%00b", "q=a&q=b"]) {
      const { status, body } = await f.get(`/api/v1/search?${query}`);
      expect([query, status, body.error.code]).toEqual([query, 400, "invalid_filter"]);
    }
  });

  test("takes every text for what it is", async () => {
    for (const text of [
      "%",
      "_",
      "*",
      "[a-z]",
      "' OR 1=1 --",
      '"',
      "\\",
      "\u202E",
      "</script>",
      "💥",
      "\u{10FFFF}",
      "é",
      "x".repeat(200),
    ]) {
      expect([text, await find(text)]).toEqual([text, []]);
    }
    expect(await find("%73hop")).toEqual([]);
  });

  test("finds nothing that may not be seen", async () => {
    expect(await find("order", narrow)).toEqual([
      "runs order-2",
      "runs order-1",
      "workflows shop/order",
      "schedules shop/order:nightly",
      "approvals order-2:0",
      "state global orders/last",
    ]);
    expect(await find("customer-70", narrow)).toEqual([]);
    expect(await find("secret", narrow)).toEqual([]);
    expect(await find("audit", narrow)).toEqual([]);
    const blind = await newToken({ name: "blind", grants: [{ permission: "metric:read" }] });
    expect(await find("order", blind)).toEqual([]);
    expect(await find("appearance", blind)).toEqual(["settings appearance"]);
    expect((await f.send("/api/v1/search?q=order", { token: null })).status).toBe(401);
  });

  test("has the nouns that the API document names", () => {
    const nouns = searchSources({ engine: f.engine, store: f.store, identity: f.identity, clock: systemClock }).map(
      ({ noun }) => noun,
    );
    const parameter = contracts.search.parameters?.find(({ name }) => name === "noun");
    for (const noun of nouns) expect(parameter?.description).toContain(`\`${noun}\``);
    expect(new Set(nouns).size).toBe(nouns.length);
  });
});

test("users are found by those who may see them, tokens by their owner", async () => {
  await using own = await HttpFixture.make();
  const root = own.identity.everyone({});
  await own.identity.users.create(root, { name: "ada", email: "ada@example.org", roles: ["admin"], password });
  await own.identity.users.create(root, { name: "vic", roles: ["viewer"], password });
  const signedIn = async (name: string): Promise<string> => {
    const headers = { ...json, origin: "http://127.0.0.1:7890" };
    const body = JSON.stringify({ name, password, kind: "program" });
    const answer = await own.send("/api/v1/auth/login", { method: "POST", token: null, headers, body });
    return answer.body.accessToken as string;
  };
  const search = async (who: string, text: string): Promise<readonly string[]> => {
    const { body } = await own.send(`/api/v1/search?q=${text}`, { token: who });
    const groups = body.groups as readonly { noun: string; hits: readonly Hit[] }[];
    return groups.flatMap(({ noun, hits }) =>
      hits.map(({ title, status }) => `${noun} ${title} ${status ?? ""}`.trim()),
    );
  };
  const [ada, vic] = [await signedIn("ada"), await signedIn("vic")];
  const create = async (who: string, name: string) =>
    own.send("/api/v1/tokens", {
      method: "POST",
      token: who,
      headers: json,
      body: JSON.stringify({ name, grants: [{ permission: "run:read" }] }),
    });
  await create(ada, "nightly-a");
  const { body } = await create(vic, "nightly-v");
  expect(await search(ada, "EXAMPLE.ORG")).toEqual(["users ada"]);
  expect(await search(ada, "vic")).toEqual(["users vic"]);
  expect(await search(vic, "ada")).toEqual([]);
  expect(await search(ada, "nightly")).toEqual(["tokens nightly-v", "tokens nightly-a"]);
  expect(await search(vic, "nightly")).toEqual(["tokens nightly-v"]);
  expect(await search(vic, body.details.prefix)).toEqual(["tokens nightly-v"]);
  await own.send(`/api/v1/tokens/${body.id}`, { method: "DELETE", token: vic });
  expect(await search(vic, "nightly")).toEqual(["tokens nightly-v revoked"]);
});
