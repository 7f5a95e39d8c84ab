// A program with the engine in it exports what a server does, to a real listener, and loads none of it otherwise.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spanIdOf, traceIdOf } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { openEmbedded } from "./open.ts";

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
}

let folder: string;
let seen: (string | undefined)[];
let bodies: { readonly path: string; readonly text: string; readonly key: string | null }[];
let collector: ReturnType<typeof Bun.serve>;

const order = workflow({ name: "order" }, async (ctx) => {
  await ctx.step("charge", ({ traceparent }) => void seen.push(traceparent));
  return "done";
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-embedded-"));
  seen = [];
  bodies = [];
  collector = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      bodies.push({ path: pathname, text: await request.text(), key: request.headers.get("x-key") });
      return Response.json({});
    },
  });
});
afterEach(async () => {
  await collector.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

const endpoint = (): string => `http://127.0.0.1:${collector.port}/otlp/`;
const spans = (): SentSpan[] =>
  bodies
    .filter(({ path }) => path === "/otlp/v1/traces")
    .flatMap(
      ({ text }) =>
        (JSON.parse(text) as { resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[] }).resourceSpans[0]
          ?.scopeSpans[0]?.spans ?? [],
    );

describe("open({ telemetry })", () => {
  test("exports the spans of runs and the figures, and gives steps their spans", async () => {
    const telemetry = { endpoint: endpoint(), headers: { "x-key": "k1" }, version: "7.1.0" };
    const client = await openEmbedded({ data: folder, workflows: [order], telemetry });
    const run = await client.start(order);
    await run.result();
    await client.close();
    const traceId = traceIdOf(run.id);
    expect(spans().map(({ name }) => name)).toEqual(["order", "charge"]);
    expect(spans().every((span) => span.traceId === traceId)).toBe(true);
    expect(seen).toEqual([`00-${traceId}-${spanIdOf(run.id, 0, 1)}-01`]);
    expect(spans()[1]?.spanId).toBe(spanIdOf(run.id, 0, 1));
    const metrics = bodies.find(({ path }) => path === "/otlp/v1/metrics");
    expect(metrics?.text).toContain('"sluice.runs_started"');
    expect(metrics?.text).toContain('"7.1.0"');
    expect(bodies.map(({ key }) => key)).not.toContain(null);
  });

  test("exports the share that was asked for", async () => {
    const client = await openEmbedded({
      data: folder,
      workflows: [order],
      telemetry: { endpoint: endpoint(), sample: 0 },
    });
    await (await client.start(order)).result();
    await client.close();
    expect(spans()).toEqual([]);
    expect(seen[0]).toEndWith("-00");
  });

  test("without it there is no trace, and nothing is sent", async () => {
    const client = await openEmbedded({ data: folder, workflows: [order] });
    await (await client.start(order)).result();
    await client.close();
    expect([seen, bodies]).toEqual([[undefined], []]);
  });

  test.each([{ endpoint: "collector:4318" }, { endpoint: "http://x", sample: 2 }])(
    "that makes no sense is refused, and the folder is free again: %j",
    async (telemetry) => {
      const opening = openEmbedded({ data: folder, workflows: [order], telemetry });
      expect(await opening.catch((error: unknown) => (error as { code: string }).code)).toBe("invalid_config");
      await (await openEmbedded({ data: folder, workflows: [order] })).close();
    },
  );
});
