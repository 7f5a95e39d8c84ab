// What is sent, read by the official protobuf definitions of OpenTelemetry, which know no field that is not theirs.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metricsBody, tracesBody } from "./otlp.ts";

const definitions = "opentelemetry-proto==1.45.2";
const folder = mkdtempSync(join(tmpdir(), "sluice-otlp-"));
const install = ["python3", "-m", "pip", "install", "--quiet", "--target", folder, definitions];
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const installed = Bun.spawnSync(install, { stdout: "ignore", stderr: "ignore" }).exitCode === 0;
if (!installed) console.warn(`skipped: ${install.join(" ")} did not succeed`);

function decoded(signal: "traces" | "metrics", body: string): { shown: unknown[]; resource: unknown } {
  const script = join(import.meta.dir, "decode-otlp.py");
  const { stdout, stderr } = Bun.spawnSync(["python3", script, folder, signal], {
    stdin: new TextEncoder().encode(body),
  });
  if (stdout.length === 0) throw new Error(stderr.toString());
  return JSON.parse(stdout.toString()) as { shown: unknown[]; resource: unknown };
}

const teller = { version: "1.2.3", instance: "data-1" };
const resource = { "service.name": "sluice", "service.version": "1.2.3", "service.instance.id": "data-1" };
const span = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  name: "charge",
  start: 1_700_000_000_000.25,
  end: 1_700_000_000_010,
  attributes: { text: "a", whole: 3, part: 0.5, yes: true },
};

describe.skipIf(!installed)("OTLP in JSON is read by the official definitions", () => {
  test("spans", () => {
    const failed = {
      ...span,
      parentSpanId: span.spanId,
      spanId: "00f067aa0ba902b7",
      error: { type: "TypeError", message: "no" },
      links: [{ traceId: span.traceId, spanId: span.spanId }],
    };
    const times = [1_700_000_000_000_250_000, 1_700_000_000_010_000_000];
    const attributes = {
      text: { stringValue: "a" },
      whole: { intValue: "3" },
      part: { doubleValue: 0.5 },
      yes: { boolValue: true },
    };
    expect(decoded("traces", tracesBody(teller, [span, failed]))).toEqual({
      resource,
      shown: [
        [span.traceId, span.spanId, "", "charge", 1, ...times, 0, "", attributes, [], []],
        [
          span.traceId,
          failed.spanId,
          span.spanId,
          "charge",
          1,
          ...times,
          2,
          "no",
          attributes,
          ["exception"],
          [span.spanId],
        ],
      ],
    });
  });

  test("figures", () => {
    const figures = [
      { name: "sluice.steps", unit: "1", kind: "sum", points: [{ value: 7 }] },
      {
        name: "sluice.runs",
        unit: "1",
        kind: "gauge",
        points: [{ value: 1, attributes: { status: "failed" } }, { value: 0.5 }],
      },
    ] as const;
    const body = metricsBody(teller, { figures, start: span.start, now: span.end });
    expect(decoded("metrics", body)).toEqual({
      resource,
      shown: [
        ["sluice.steps", "1", "sum", [7]],
        ["sluice.runs", "1", "gauge", [1, 0.5]],
      ],
    });
  });
});
