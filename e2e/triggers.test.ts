// The commands of triggers against a running server: what they print, as JSON and for people, and how they end.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandsIn, readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { writeProject } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-triggers-"));
const project = join(work, "shop");
let server: Running;
let url: string;

beforeAll(async () => {
  writeProject(project, {
    "secrets/hook": "from-a-file\n",
    "workflows/shop.ts": `
import { interval, manual, onEvent, poll, webhook, workflow } from "sluice";

const same = async (_ctx: unknown, input: unknown) => input;
export const orders = workflow(
  { name: "orders", triggers: [webhook("/orders/:shop", { secret: { file: "secrets/hook" } }), webhook("/open")] },
  same,
);
export const feed = workflow({ name: "feed", triggers: [poll("items", { every: "1h", fetch: () => [{ id: "a" }] })] }, same);
export const heard = workflow({ name: "heard", triggers: [onEvent("paid")] }, same);
export const form = workflow({ name: "form", triggers: [manual()] }, same);
export const beat = workflow({ name: "beat", triggers: [interval("1h", { name: "hourly" })] }, same);
`,
  });
  server = startSluice(["up", "--project", project, "--port", "0", "--json"]);
  ({ url } = await readyLine(server));
});

afterAll(async () => {
  await stop(server);
  rmSync(work, { recursive: true, force: true });
});

const { json, text, fails } = commandsIn(project);

describe("triggers", () => {
  test("list and show say how far each has got; an interval is a schedule", async () => {
    const { triggers } = (await json("triggers", "list")) as { triggers: readonly { readonly id: string }[] };
    expect(triggers.map(({ id }) => id)).toEqual([
      "feed:items",
      "form:manual",
      "heard:paid",
      "orders:POST /open",
      "orders:POST /orders/:shop",
    ]);
    expect(await text("triggers", "list", "--workflow", "feed")).toContain("feed:items");
    expect(await text("triggers", "show", "heard:paid")).toContain("active");
    expect(await fails("triggers", "show", "none")).toMatchObject({ code: 1, error: { code: "trigger_not_found" } });
    expect(await text("schedule", "list")).toContain("@every 1h");
  });

  test("run polls, and starts through a form", async () => {
    await json("triggers", "run", "feed:items");
    expect(await json("triggers", "show", "feed:items")).toMatchObject({ trigger: { fired: 1 } });
    expect(await json("triggers", "run", "form:manual", "--values", '{"a":1}', "--key", "k")).toMatchObject({
      created: true,
    });
    expect(await text("triggers", "run", "form:manual", "--values", '{"a":1}', "--key", "k")).toContain("(was there)");
    expect(await fails("triggers", "run", "heard:paid")).toMatchObject({ code: 1, error: { code: "conflict" } });
    expect(await fails("triggers", "run", "form:manual", "--values", "{x}")).toMatchObject({ code: 2 });
  });

  test("pause and resume", async () => {
    expect(await text("triggers", "pause", "orders:POST /open")).toContain("paused");
    expect((await fetch(`${url}/hooks/open`, { method: "POST" })).status).toBe(503);
    expect(await json("triggers", "resume", "orders:POST /open")).toMatchObject({ trigger: { paused: false } });
    expect((await fetch(`${url}/hooks/open`, { method: "POST" })).status).toBe(202);
  });

  test("test, deliveries, delivery and redeliver", async () => {
    const hook = "orders:POST /orders/:shop";
    const tried = await text("triggers", "test", hook, "--param", "shop=x", "--body", '{"n":1}', "--dry-run");
    expect(tried).toContain("would start a run with");
    writeFileSync(join(work, "body.json"), '{"n":2}');
    const sent = (await json(
      "triggers",
      "test",
      hook,
      "--param",
      "shop=lisbon",
      "--header",
      "x-a: b",
      "--body",
      `@${join(work, "body.json")}`,
    )) as { delivery: string; runId: string };
    const { run } = (await json("runs", "show", sent.runId)) as { run: { input: unknown; tags: readonly string[] } };
    expect(run).toMatchObject({ tags: ["test"], input: { params: { shop: "lisbon" }, body: { n: 2 } } });
    const shown = await text("triggers", "delivery", sent.delivery);
    expect(shown).toContain("x-a: b");
    expect(shown).toContain('{"n":2}');
    expect(await text("triggers", "redeliver", sent.delivery)).toContain("started: run run_");
    const body = '{"n":3}';
    const signature = new Bun.CryptoHasher("sha256", "from-a-file").update(body).digest("hex");
    const headers = { "content-type": "application/json", "x-sluice-signature": `sha256=${signature}` };
    expect((await fetch(`${url}/hooks/orders/a`, { method: "POST", headers, body })).status).toBe(202);
    expect((await fetch(`${url}/hooks/orders/a`, { method: "POST", body })).status).toBe(401);
    const { deliveries } = (await json("triggers", "deliveries", "--trigger", hook)) as {
      deliveries: readonly { readonly kind: string; readonly status: string }[];
    };
    expect(deliveries.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      "live refused",
      "live started",
      "redelivery started",
      "test started",
    ]);
    expect(await text("triggers", "deliveries", "--status", "refused")).toContain("The request is not signed.");
    expect(await fails("triggers", "test", hook, "--header", "nothing")).toMatchObject({ code: 2 });
    expect(await fails("triggers", "redeliver", "dlv_none")).toMatchObject({
      code: 1,
      error: { code: "delivery_not_found" },
    });
  });
});
