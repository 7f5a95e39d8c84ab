import { describe, expect, test } from "bun:test";
import { logLimits } from "../../limits.ts";
import { Collector } from "../collector.ts";
import { found, now } from "../found.fixture.suite.ts";
import { eachField } from "../../../kernel/protobuf.ts";
import { protobufMessage as message } from "../protobuf.ts";
import { otlpAnswer, otlpAttributes, otlpStatus, readOtlpProtobuf } from "./protobuf.ts";

const fixed = (field: number, nanos: bigint): Uint8Array => {
  const bytes = Buffer.alloc(9, field * 8 + 1);
  bytes.writeBigUInt64LE(nanos, 1);
  return bytes;
};
const text = (value: string): Uint8Array => message({ 1: value });
const pair = (key: string, value: Uint8Array): Uint8Array => message({ 1: key, 2: value });
const record = Buffer.concat([
  fixed(1, 1_772_625_600_123_456_789n),
  message({ 2: 13, 5: text("hello"), 6: pair("list", message({ 5: message({ 1: message({ 3: 7 }) }) })) }),
  message({ 6: pair("map", message({ 6: message({ 1: pair("b", message({ 2: 1 })) }) })) }),
  message({ 9: Uint8Array.of(0x5b, 0x8e), 10: Uint8Array.of(1) }),
]);
const body = message({
  1: message({
    1: message({ 1: pair("service.name", text("api")) }),
    2: message({ 1: message({ 1: "lib", 2: "2" }), 2: record }),
  }),
});

describe("an export of logs as protobuf", () => {
  test("has records to the nanosecond, with values of every kind", () => {
    const { entries } = found((into) => readOtlpProtobuf(into, { bytes: body, now }));
    expect(entries).toMatchObject([
      {
        labels: { service: "api" },
        timeMs: 1_772_625_600_123,
        subNs: 456_789,
        line: "hello",
        level: "warn",
        fields: {
          list: "[7]",
          "map.b": true,
          trace_id: "5b8e",
          span_id: "01",
          "scope.name": "lib",
          "scope.version": "2",
        },
      },
    ]);
  });

  test("that is cut off, or nests without end, is refused", () => {
    for (let cut = 1; cut < body.length; cut++) {
      const bytes = body.subarray(0, cut);
      expect(() => readOtlpProtobuf(new Collector(logLimits), { bytes, now })).toThrow("no export of OpenTelemetry's");
    }
    let deep = text("x");
    for (let i = 0; i < 60; i++) deep = message({ 5: message({ 1: deep }) });
    expect(() => otlpAttributes(message({ 1: pair("k", deep) }), 1)).toThrow("too deep");
  });

  test("is answered with nothing, or with how many were not taken", () => {
    expect(otlpAnswer(0, "").length).toBe(0);
    const told: unknown[] = [];
    eachField(otlpAnswer(3, "why"), (_field, inner) =>
      eachField(inner as Uint8Array, (field, value) =>
        told.push(field, typeof value === "number" ? value : String(Buffer.from(value))),
      ),
    );
    expect(told).toEqual([1, 3, 2, "why"]);
    expect(Buffer.from(otlpStatus(8, "full")).toString("hex")).toBe("0808120466756c6c");
  });
});
