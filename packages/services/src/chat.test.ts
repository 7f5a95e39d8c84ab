// Against a real listener that stands for Slack, Discord and others.
import { afterAll, beforeEach, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { secret } from "@sluice/sdk";
import { calling } from "./calling.fixture.suite.ts";
import { discord, slack, webhookTarget } from "./chat.ts";

const seen: { readonly path: string; readonly body: string; readonly headers: Headers }[] = [];
let statuses: number[] = [];
const peer = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    seen.push({ path: new URL(request.url).pathname, body: await request.text(), headers: request.headers });
    return new Response("ok", { status: statuses.shift() ?? 200 });
  },
});
const url = `http://127.0.0.1:${peer.port}`;
beforeEach(() => {
  seen.length = 0;
  statuses = [];
});
afterAll(() => peer.stop(true));

test("Slack gets its message at the URL that is a secret, which no error has", async () => {
  const webhookUrl = `${url}/services/T0/B0/XXXX`;
  await using it = await calling(slack.withConfig({ auth: { webhookUrl: secret("slack/url") } }), {
    "slack/url": webhookUrl,
  });
  await it.call("send", { text: "deployed" });
  expect(seen.map(({ path, body }) => [path, body])).toEqual([["/services/T0/B0/XXXX", '{"text":"deployed"}']]);
  statuses = [403];
  const error = await it.call("send", { text: "x" }).catch((thrown: unknown) => thrown);
  expect(String(error)).toContain("403");
  expect(String(error)).not.toContain(webhookUrl);
  expect(it.call("send", { text: "" })).rejects.toMatchObject({ code: "invalid_input" });
});

test("Discord calls nobody by a mention in a text, unless that is wanted", async () => {
  await using it = await calling(discord.withConfig({ auth: { webhookUrl: `${url}/d` } }));
  statuses = [500, 204];
  await it.call("send", { content: "@everyone hello" });
  await it.call("send", { content: "@ada hello", mentions: true });
  expect(seen.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    { content: "@everyone hello", allowed_mentions: { parse: [] } },
    { content: "@everyone hello", allowed_mentions: { parse: [] } },
    { content: "@ada hello" },
  ]);
});

test("any other target gets JSON with the step's key, signed where there is a secret", async () => {
  await using it = await calling(webhookTarget.withConfig({ auth: { url: `${url}/hook`, secret: "a shared secret" } }));
  expect(await it.call<object>("send", { json: { a: 1 } })).toEqual({ status: 200, text: "ok" });
  const [{ body, headers } = { body: "", headers: new Headers() }] = seen;
  const signature = createHmac("sha256", "a shared secret").update(body).digest("hex");
  expect([body, headers.get("x-sluice-signature")]).toEqual(['{"a":1}', `sha256=${signature}`]);
  expect(headers.get("idempotency-key")).toMatch(/:0$/);
});
