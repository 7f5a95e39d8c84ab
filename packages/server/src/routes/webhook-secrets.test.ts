// What is written down of requests to webhooks, and what strangers can do to those who may send them.
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { webhook, workflow } from "@sluice/sdk";
import type { Trigger } from "@sluice/sdk";
import { PlaceSecrets } from "../hooks/secret-source.ts";
import { HttpFixture } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";

const secret = { env: "HOOK_SECRET" } as const;
const verify = { header: "X-Proof", prefix: "", encoding: "hex" } as const;
const echo = (name: string, trigger: Trigger, more: { encrypt?: boolean } = {}) =>
  workflow<unknown>({ name, triggers: [trigger], ...more }, async (_ctx, input) => input);
const workflows = [
  echo("proof", webhook("/proof", { secret, verify })),
  echo("gitlab", webhook("/gitlab", { headers: { "X-Gitlab-Token": "gl-s3cret", "x-event": ["push", "tag"] } })),
  echo("limited", webhook("/limited", { secret, verify, rateLimit: { count: 1, per: "1h" } })),
  echo("sealed", webhook("/sealed/:patient", { headers: { "x-clinic": true } }), { encrypt: true }),
  echo("unset", webhook("/unset", { secret: { env: "NOT_THERE" } })),
  echo(
    "page",
    webhook("/page", {
      middleware: [
        ({ query }) => ({
          status: 200,
          headers: { "content-type": "text/html" },
          body: `<p>${String(query["name"])}</p>`,
        }),
      ],
    }),
  ),
];

let f: HttpFixture;
beforeAll(async () => {
  const secrets = new PlaceSecrets({ env: { HOOK_SECRET: "s3cret" }, folder: "." });
  f = await HttpFixture.make({ workflows, http: { secrets } });
});
afterAll(async () => f[Symbol.asyncDispose]());

const signed = (text: string): Record<string, string> => ({
  "x-proof": createHmac("sha256", "s3cret").update(text).digest("hex"),
});
const send = async (path: string, body: string, headers: Record<string, string> = {}): Promise<Answer> =>
  f.send(`/hooks${path}`, {
    token: null,
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
const recordOf = async (answer: Answer): Promise<Record<string, unknown> & { headers: Record<string, string> }> =>
  (await f.get(`/api/v1/deliveries/${answer.headers.get("x-sluice-delivery")}`)).body.delivery;

describe("the record of a delivery", () => {
  test("has no signature, whatever its header is called", async () => {
    const sent = await send("/proof", "{}", { ...signed("{}"), "x-shown": "yes" });
    const { headers } = await recordOf(sent);
    expect(headers["x-shown"]).toBe("yes");
    expect(Object.keys(headers)).not.toContain("x-proof");
  });

  test("has no secret that a header has to be, and is delivered again without it", async () => {
    const sent = await send("/gitlab", "{}", { "x-gitlab-token": "gl-s3cret", "x-event": "push" });
    expect(sent.status).toBe(202);
    const record = await recordOf(sent);
    expect(JSON.stringify(record)).not.toContain("gl-s3cret");
    expect(record.headers["x-event"]).toBe("push");
    expect((await f.post(`/api/v1/deliveries/${String(record["id"])}/redeliver`)).body.status).toBe("started");
    const refused = await send("/gitlab", "{}", { "x-gitlab-token": "gl-s3cret", "x-event": "other" });
    expect(refused.status).toBe(400);
    const { deliveries } = (await f.get("/api/v1/deliveries?workflow=gitlab&status=refused")).body;
    expect((await f.post(`/api/v1/deliveries/${deliveries[0].id}/redeliver`)).status).toBe(400);
  });

  test("of an encrypted workflow has nothing of what was sent, wherever it stood", async () => {
    const sent = await send("/sealed/patient-7?finding=benign", '{"dose":"high"}', { "x-clinic": "north" });
    expect(sent.status).toBe(202);
    const wrong = await send("/sealed/patient-8?finding=malign", "dose: low", { "x-clinic": "south" });
    expect(wrong.body.error.code).toBe("invalid_json");
    const { deliveries } = (await f.get("/api/v1/deliveries?workflow=sealed")).body;
    expect(deliveries).toHaveLength(2);
    for (const { id } of deliveries) {
      const kept = JSON.stringify((await f.get(`/api/v1/deliveries/${id}`)).body);
      expect(kept).not.toMatch(/patient-|benign|malign|dose|north|south/);
      expect(kept).toContain("/sealed/:patient");
    }
  });
});

describe("the limit of a webhook that wants signatures", () => {
  test("is not used up by those who cannot sign", async () => {
    for (let i = 0; i < 5; i++) expect((await send("/limited", "{}", { "x-proof": "00" })).status).toBe(401);
    expect((await send("/limited", "{}", signed("{}"))).status).toBe(202);
    expect((await send("/limited", "[]", signed("[]"))).status).toBe(429);
    expect((await send("/limited", "[]", { "x-proof": "00" })).status).toBe(401);
  });
});

test("a page that a webhook answers with does not act as the console", async () => {
  const { body, headers } = await send("/page?name=<script>alert(1)</script>", "");
  expect(body).toContain("<script>");
  expect(headers.get("content-type")).toStartWith("text/html");
  expect(headers.get("content-security-policy")).toStartWith("sandbox ");
  expect(headers.get("content-security-policy")).not.toContain("allow-same-origin");
});

test("those who call a webhook whose secret is missing make nothing be written again and again", async () => {
  for (let i = 0; i < 5; i++) expect((await send("/unset", "{}")).status).toBe(503);
  const { trigger } = (await f.get(`/api/v1/triggers/${encodeURIComponent("unset:POST /unset")}`)).body;
  expect(trigger).toMatchObject({ failures: 1, error: { message: expect.stringContaining("env NOT_THERE") } });
});
