import { describe, expect, test } from "bun:test";
import { found, now } from "../found.fixture.suite.ts";
import { addRecord, otlpScope } from "./records.ts";
import type { OtlpRecord } from "./records.ts";

const none: OtlpRecord = {
  time: "0",
  observed: "0",
  severityNumber: 0,
  severityText: "",
  body: undefined,
  attributes: {},
  traceId: "",
  spanId: "",
};

describe("a record of OpenTelemetry", () => {
  test("is of the stream of its resource, and carries the rest", () => {
    const { entries } = found((into) => {
      const resource = { "service.name": "api", "host.name": "h", "process.pid": 7 };
      const scope = otlpScope(into, resource, { name: "lib", version: "1" });
      const record = {
        time: "1772625600123456789",
        body: "hello",
        attributes: { a: { b: 1 } },
        traceId: "t",
        spanId: "s",
      };
      addRecord(into, scope, { ...none, ...record, severityNumber: 17, severityText: "Bad", now });
    });
    expect(entries).toMatchObject([
      {
        labels: { service: "api", host: "h" },
        timeMs: 1_772_625_600_123,
        subNs: 456_789,
        line: "hello",
        level: "error",
        fields: { "process.pid": 7, "scope.name": "lib", "scope.version": "1", "a.b": 1, trace_id: "t", span_id: "s" },
      },
    ]);
  });

  test("without a time has that of its observation, or of its coming; a body of parts becomes fields", () => {
    const { entries } = found((into) => {
      const scope = otlpScope(into, {}, { name: "", version: "" });
      addRecord(into, scope, { ...none, observed: "1000000", body: { message: "m", n: 2 }, now });
      addRecord(into, scope, { ...none, body: [1, "x"], severityText: "WARN", now });
    });
    expect(entries).toMatchObject([
      { timeMs: 1, line: "m", fields: { n: 2 } },
      { timeMs: now.timeMs, line: '[1,"x"]', level: "warn" },
    ]);
  });
});
