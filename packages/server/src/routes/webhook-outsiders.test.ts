// Webhooks as somebody sees them who may not come in, or who came in by another door: what they can use up, take and leave behind.
import { createHmac } from "node:crypto";
import { gzipSync, brotliCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { webhook, workflow } from "@sluice/sdk";
import { PlaceSecrets } from "../hooks/secret-source.ts";
import { HttpFixture } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";

const secret = { env: "HOOK_SECRET" } as const;
const workflows = [
  workflow<unknown>(
    {
      name: "both",
      triggers: [
        webhook("/open"),
        webhook("/other"),
        webhook("/signed", { secret, verify: "github" }),
        webhook("/by/:token"),
      ],
    },
    async (_ctx, input) => input,
  ),
  workflow<unknown>({ name: "held", triggers: [webhook("/held", { reply: { wait: "60s" } })] }, async (ctx) =>
    ctx.waitFor<string>("go"),
  ),
];

let f: HttpFixture;
beforeAll(async () => {
  const secrets = new PlaceSecrets({ env: { HOOK_SECRET: "s3cret" }, folder: "." });
  f = await HttpFixture.make({ workflows, http: { secrets, limits: { decompressedBytesMax: 1_000_000 } } });
});
afterAll(async () => f[Symbol.asyncDispose]());

async function post(path: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
  return f.send(`/hooks${path}`, {
    token: null,
    method: "POST",
    body: body as Uint8Array<ArrayBuffer>,
    headers: { "content-type": "application/json", ...headers },
  });
}

describe("compressed bodies", () => {
  const zipped = async (path: string, chars: number): Promise<Answer> =>
    post(path, gzipSync(JSON.stringify("x".repeat(chars))), { "content-encoding": "gzip" });

  test("take no more memory than there is for all of them, also before it is known who sent them", async () => {
    for (const path of ["/open", "/signed"]) {
      const refused = await zipped(path, 1_100_000);
      expect(refused).toMatchObject({ status: 503, body: { error: { code: "unavailable" } } });
      expect(refused.headers.get("retry-after")).toBe("1");
    }
    const brotli = await post("/open", brotliCompressSync(Buffer.alloc(2_000_000, " ")), { "content-encoding": "br" });
    expect(brotli.status).toBe(503);
    // What they took was given back, whatever became of them.
    expect((await zipped("/signed", 900_000)).status).toBe(401);
    expect((await post("/open", gzipSync("{").subarray(0, 12), { "content-encoding": "gzip" })).status).toBe(400);
    expect((await zipped("/open", 900_000)).status).toBe(202);
    expect((await zipped("/open", 900_000)).status).toBe(202);
  });

  test("count until they are dealt with", async () => {
    const first = zipped("/held", 600_000);
    let held: string | undefined;
    while (held === undefined) {
      // What decompresses needs turns of the event loop to say that it is done.
      await new Promise((resolve) => void setImmediate(resolve));
      held = (await f.get("/api/v1/runs?workflow=held")).body.runs[0]?.id;
    }
    await f.until(held, "waiting");
    expect((await zipped("/open", 600_000)).status).toBe(503);
    expect((await zipped("/open", 100)).status).toBe(202);
    await f.post("/api/v1/events", { name: "go", payload: 1 });
    expect((await first).status).toBe(200);
    expect((await zipped("/open", 600_000)).status).toBe(202);
  });
});

describe("idempotency keys", () => {
  const start = async (idempotencyKey: string, input: unknown = null): Promise<Answer> =>
    f.post("/api/v1/workflows/both/runs", { input, idempotencyKey });

  test("of a webhook are its own: neither the API nor another webhook has taken them", async () => {
    const key = { "idempotency-key": "k1" };
    const runs = [(await start("k1")).body.run.id];
    for (const path of ["/open", "/other"]) {
      const { status, body } = await post(path, "1", key);
      expect([status, body.created]).toEqual([202, true]);
      runs.push(body.runId);
      expect((await post(path, "1", key)).body).toMatchObject({ runId: body.runId, created: false });
    }
    expect(new Set(runs).size).toBe(3);
    expect((await f.get(`/api/v1/runs/${runs[1]}`)).body.run.idempotencyKey).toBe("@hook POST /open k1");
    expect(await start("@hook POST /open k2")).toMatchObject({ status: 400, body: { error: { code: "bad_request" } } });
  });

  test("that a signed delivery will have cannot be taken before it comes", async () => {
    const body = '{"action":"opened"}';
    await post("/open", body, { "idempotency-key": "delivery:d-1" });
    await start("delivery:d-1", { action: "opened" });
    const signature = createHmac("sha256", "s3cret").update(body).digest("hex");
    const sent = await post("/signed", body, {
      "x-hub-signature-256": `sha256=${signature}`,
      "x-github-delivery": "d-1",
    });
    expect(sent).toMatchObject({ status: 202, body: { created: true } });
  });
});

describe("secrets in a URL", () => {
  test("reach the workflow, and are not in the record", async () => {
    const sent = await post("/by/p4ss?a=1&access_token=s3cret", "{}");
    const { delivery } = (await f.get(`/api/v1/deliveries/${sent.headers.get("x-sluice-delivery")}`)).body;
    expect(delivery).toMatchObject({ path: "/by/[hidden]", query: "a=1&access_token=[hidden]" });
    const { run } = (await f.get(`/api/v1/runs/${sent.body.runId}?wait=10s`)).body;
    expect(run.output).toMatchObject({ query: { access_token: "s3cret" }, params: { token: "p4ss" } });
    const again = await f.post(`/api/v1/deliveries/${delivery.id}/redeliver`);
    expect(again).toMatchObject({ status: 200, body: { status: "started" } });
  });
});
