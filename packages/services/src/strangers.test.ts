// Requests that lead elsewhere than the configuration meant: to another server, to a file, and what failures say of secret URLs.
import { afterAll, beforeEach, expect, test } from "bun:test";
import { secret } from "@sluice/sdk";
import { calling } from "./calling.fixture.suite.ts";
import { discord } from "./chat.ts";
import { http } from "./http.ts";
import type { HttpReply } from "./http.ts";

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly key: string | null;
  readonly authorization: string | null;
  readonly body: string;
}
let answers: Record<string, () => Response> = {};
function listener(seen: Seen[]) {
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { pathname: path } = new URL(request.url);
      const { headers, method } = request;
      const [key, authorization] = [headers.get("x-api-key"), headers.get("authorization")];
      seen.push({ method, path, key, authorization, body: await request.text() });
      return answers[path]?.() ?? Response.json({ path });
    },
  });
}
const atHome: Seen[] = [];
const away: Seen[] = [];
const home = listener(atHome);
const elsewhere = listener(away);
const base = `http://127.0.0.1:${home.port}`;
const stranger = `http://127.0.0.1:${elsewhere.port}`;
const service = http.withConfig({ config: { baseUrl: base, headers: { "x-api-key": "k-s3cret" } } });

beforeEach(() => {
  atHome.length = 0;
  away.length = 0;
  answers = {};
});
afterAll(async () => Promise.all([home.stop(true), elsewhere.stop(true)]));

const to = (location: string, status: number) => (): Response => new Response(null, { status, headers: { location } });

test("a URL out of an input does not take the keys of one server to another", async () => {
  await using it = await calling(service);
  for (const url of [`${stranger}/x`, `//127.0.0.1:${elsewhere.port}/x`, "/x"]) await it.call("get", { url });
  expect(away.map(({ key }) => key)).toEqual([null, null]);
  expect(atHome.map(({ key }) => key)).toEqual(["k-s3cret"]);
});

test("nor does a redirection, which else is followed as browsers do", async () => {
  await using it = await calling(service);
  answers = {
    "/out": to(`${stranger}/taken`, 307),
    "/in": to("/there", 302),
    "/see": to("/there", 303),
    "/round": to("/round", 302),
  };
  const headers = { authorization: "Bearer s3cret" };
  const json = { a: 1 };
  expect(await it.call<HttpReply>("post", { url: "/out", json, headers })).toMatchObject({ json: { path: "/taken" } });
  expect(away).toEqual([{ method: "POST", path: "/taken", key: null, authorization: null, body: '{"a":1}' }]);
  await it.call("post", { url: "/in", json, headers });
  await it.call("put", { url: "/see", json });
  await it.call("put", { url: "/in", json });
  const there = atHome.filter(({ path }) => path === "/there");
  expect(there).toEqual([
    { method: "GET", path: "/there", key: "k-s3cret", authorization: "Bearer s3cret", body: "" },
    { method: "GET", path: "/there", key: "k-s3cret", authorization: null, body: "" },
    { method: "PUT", path: "/there", key: "k-s3cret", authorization: null, body: '{"a":1}' },
  ]);
  expect(await it.call<HttpReply>("request", { url: "/in", accept: [302] })).toMatchObject({ status: 302 });
  expect(it.call("get", { url: "/round" })).rejects.toThrow("more than 20 redirections");
});

test("files and the like are not read, whoever names them", async () => {
  await using it = await calling(service);
  answers = { "/file": to(`file://${import.meta.path}`, 302) };
  for (const url of [`file://${import.meta.path}`, "data:text/plain,x", "/file"]) {
    const error = await it.call("get", { url }).catch((thrown: unknown) => thrown);
    expect([url, (error as { code?: unknown }).code]).toEqual([url, "invalid_input"]);
  }
});

test("of a URL that is a secret no piece stands in a failure", async () => {
  const webhookUrl = `${base}/api/webhooks/17/t0ken-of-the-channel?thread_id=9`;
  await using it = await calling(discord.withConfig({ auth: { webhookUrl: secret("discord/url") } }), {
    "discord/url": webhookUrl,
  });
  answers = { "/api/webhooks/17/t0ken-of-the-channel": () => new Response("no", { status: 403 }) };
  const error = await it.call("send", { content: "x" }).catch((thrown: unknown) => thrown);
  expect(String(error)).toContain("Discord answered with 403");
  expect(Bun.inspect(error)).not.toContain("t0ken-of-the-channel");
});
