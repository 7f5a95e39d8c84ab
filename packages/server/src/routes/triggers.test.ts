import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { schedule, webhook, workflow } from "@sluice/sdk";
import type { StandardSchemaV1 } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";

const numbers: StandardSchemaV1<unknown, { n: number }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      const { n } = (value ?? {}) as { n?: unknown };
      return typeof n === "number" ? { value: { n } } : { issues: [{ message: "is not a number", path: ["n"] }] };
    },
  },
};
const orders = workflow<unknown>({ name: "orders", triggers: [webhook("/orders")] }, (_ctx, input) =>
  Promise.resolve(input),
);
const signed = workflow<unknown>(
  { name: "signed", triggers: [webhook("pay/in", { secret: "s3cret", method: "PUT" })] },
  (_ctx, input) => Promise.resolve(input),
);
const asks = workflow<unknown>({ name: "query", triggers: [webhook("/ask", { method: "GET" })] }, (_ctx, input) =>
  Promise.resolve(input),
);
const checked = workflow({ name: "checked", input: numbers, triggers: [webhook("/checked")] }, (_ctx, input) =>
  Promise.resolve(input.n),
);
const report = workflow<unknown>(
  {
    name: "area/report",
    description: "Nightly",
    triggers: [
      schedule("0 2 * * *", {
        input: { kind: "full" },
        timezone: "Europe/Lisbon",
        catchUp: "one",
        overlap: "skip",
        jitter: "30s",
      }),
    ],
  },
  (_ctx, input) => Promise.resolve(input),
);

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [orders, signed, asks, checked, report] });
});
afterAll(async () => f[Symbol.asyncDispose]());

async function hook(path: string, init: RequestInit) {
  return f.send(`/hooks${path}`, { token: null, ...init });
}

async function outputOf(run: string): Promise<unknown> {
  return (await f.get(`/api/v1/runs/${run}?wait=10s`)).body.run.output;
}

const json = { "content-type": "application/json" };

describe("a webhook", () => {
  test("starts a run with the body as input", async () => {
    const { status, body } = await hook("/orders", { method: "POST", headers: json, body: '{"id":7}' });
    expect(status).toBe(202);
    expect(await outputOf(body.runId)).toEqual({ id: 7 });
    expect((await f.get(`/api/v1/runs/${body.runId}`)).body.run.by).toBe("webhook:/orders");
  });

  test("takes text, forms and nothing", async () => {
    const text = await hook("/orders", { method: "POST", headers: { "content-type": "text/plain" }, body: "hello" });
    expect(await outputOf(text.body.runId)).toBe("hello");
    const form = await hook("/orders", {
      method: "POST",
      body: new URLSearchParams([
        ["a", "1"],
        ["a", "2"],
      ]),
    });
    expect(await outputOf(form.body.runId)).toEqual({ a: ["1", "2"] });
    const none = await hook("/orders", { method: "POST" });
    expect(await outputOf(none.body.runId)).toBeNull();
    const query = await hook("/ask?x=1&__proto__=2", { method: "GET" });
    expect(await outputOf(query.body.runId)).toEqual(JSON.parse('{"x":"1","__proto__":"2"}'));
  });

  test("with a key leads to one run", async () => {
    const send = async (body: string) =>
      hook("/orders", { method: "POST", headers: { ...json, "idempotency-key": "h-1" }, body });
    const first = await send('{"n":1}');
    const second = await send('{"n":1}');
    const url = `/api/v1/runs/${first.body.runId}`;
    expect(first.headers.get("location")).toBe(url);
    expect(second.body).toEqual({ runId: first.body.runId, created: false, url });
    expect((await send('{"n":2}')).body.error.code).toBe("idempotency_conflict");
  });

  test("with a secret needs the signature of exactly this body", async () => {
    const sign = (body: string, secret = "s3cret") =>
      `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
    const send = async (body: string, signature: string | undefined) =>
      hook("/pay/in", {
        method: "PUT",
        headers: { ...json, ...(signature === undefined ? {} : { "x-sluice-signature": signature }) },
        body,
      });
    const good = await send('{"sum":1}', sign('{"sum":1}'));
    expect(good.status).toBe(202);
    const before = (await f.get("/api/v1/runs?workflow=signed")).body.runs.length;
    for (const signature of [
      undefined,
      "",
      "sha256=",
      sign('{"sum":2}'),
      sign('{"sum":1}', "other"),
      sign('{"sum":1}').slice(7),
    ]) {
      const { status, body } = await send('{"sum":1}', signature);
      expect(status).toBe(401);
      expect(body.error).toMatchObject({ code: "unauthorized", hint: expect.any(String) });
    }
    expect((await f.get("/api/v1/runs?workflow=signed")).body.runs).toHaveLength(before);
  });

  test("checks the input before there is a run", async () => {
    const bad = await hook("/checked", { method: "POST", headers: json, body: '{"n":"x"}' });
    expect(bad.status).toBe(400);
    expect(bad.body.error).toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining("is not a number"),
      hint: expect.any(String),
    });
    expect((await f.get("/api/v1/runs?workflow=checked")).body.runs).toEqual([]);
    const good = await hook("/checked", { method: "POST", headers: json, body: '{"n":5,"more":1}' });
    expect(await outputOf(good.body.runId)).toBe(5);
    expect((await f.get(`/api/v1/runs/${good.body.runId}`)).body.run.input).toEqual({ n: 5 });
  });

  test.each(["/nothing", "/orders/more", "", "/", "/Orders", "/..%2forders", "/pay"])(
    "at %p is not there",
    async (path) => {
      expect((await hook(path, { method: "POST", headers: json, body: "{}" })).status).toBe(404);
    },
  );

  test("with another method says which one it takes", async () => {
    const { status, headers } = await hook("/pay/in", { method: "POST", headers: json, body: "{}" });
    expect(status).toBe(405);
    expect(headers.get("allow")).toBe("PUT");
  });
});

describe("a schedule", () => {
  const id = encodeURIComponent("area/report:0");

  test("is listed and shows its next times", async () => {
    const { body } = await f.get("/api/v1/schedules");
    expect(body.schedules).toMatchObject([
      {
        id: "area/report:0",
        workflow: "area/report",
        cron: "0 2 * * *",
        timezone: "Europe/Lisbon",
        input: { kind: "full" },
        catchUp: "one",
        overlap: "skip",
        jitterMs: 30_000,
        paused: false,
        source: "code",
      },
    ]);
    const one = await f.get(`/api/v1/schedules/${id}?next=3`);
    expect(one.body.next).toHaveLength(3);
    expect(one.body.next[0]).toBe(one.body.schedule.nextAt);
    for (const time of one.body.next)
      expect(new Date(time).toLocaleString("en-GB", { timeZone: "Europe/Lisbon", hour: "2-digit" })).toBe("02");
  });

  test("is paused, resumed and run now", async () => {
    expect((await f.post(`/api/v1/schedules/${id}/pause`)).body.schedule).toMatchObject({ paused: true, nextAt: null });
    const { status, body } = await f.post(`/api/v1/schedules/${id}/run`);
    expect(status).toBe(201);
    expect(await outputOf(body.run.id)).toEqual({ kind: "full" });
    expect((await f.post(`/api/v1/schedules/${id}/resume`)).body.schedule.paused).toBe(false);
  });

  test.each(["", "/pause", "/resume", "/run"])("that is not there is refused: %p", async (verb) => {
    const { status, body } =
      verb === "" ? await f.get("/api/v1/schedules/none") : await f.post(`/api/v1/schedules/none${verb}`);
    expect(status).toBe(404);
    expect(body.error).toMatchObject({ code: "schedule_not_found", hint: expect.any(String) });
  });

  test("that cannot be read is refused with the whole deployment", async () => {
    const cron = (text: string) => ({
      name: "x",
      validates: false,
      triggers: [
        {
          type: "schedule" as const,
          cron: text,
          timezone: "UTC",
          input: new Uint8Array([0xc0]),
          catchUp: "skip" as const,
          catchUpMax: 1,
          overlap: "allow" as const,
          jitter: 0,
        },
      ],
    });
    const refused = await f.engine.deploy("v2", [cron("61 * * * *")]);
    expect(refused).toMatchObject({ ok: false, error: { code: "invalid_cron", hint: expect.any(String) } });
    expect((await f.get("/api/v1/workflows")).body.workflows).toHaveLength(5);
    expect((await f.get("/api/v1/schedules")).body.schedules).toHaveLength(1);
  });
});

describe("workflows and deployments", () => {
  test("are shown without secrets", async () => {
    const { body } = await f.get("/api/v1/workflows");
    expect(body.workflows.map((each: { name: string }) => each.name).toSorted()).toEqual([
      "area/report",
      "checked",
      "orders",
      "query",
      "signed",
    ]);
    expect(JSON.stringify(body)).not.toContain("s3cret");
    const one = await f.get("/api/v1/workflows/signed");
    expect(one.body.workflow).toMatchObject({
      version: "v1",
      triggers: [{ type: "webhook", method: "PUT", path: "/hooks/pay/in", signed: true }],
      inputSchema: null,
    });
    expect((await f.get("/api/v1/workflows/area%2Freport")).body.workflow).toMatchObject({ description: "Nightly" });
    expect((await f.get("/api/v1/workflows/none")).body.error).toMatchObject({
      code: "workflow_not_found",
      hint: expect.any(String),
    });
  });

  test("say which code serves and who executes it", async () => {
    const { body } = await f.get("/api/v1/deployments");
    expect(body.current).toEqual({ version: "v1", deployedAt: null, error: null });
    expect(body.versions).toMatchObject([{ version: "v1" }]);
    expect(body.workers).toMatchObject([{ id: "worker-1", version: "v1", quarantine: false }]);
  });
});
