import { describe, expect, test } from "bun:test";
import { logLimits } from "../../limits.ts";
import { ByteWriter } from "../../storage/bytes.ts";
import { entriesOf } from "../../storage/frame.ts";
import { Collector } from "../collector.ts";
import { readLokiProtobuf } from "./protobuf.ts";

/** A message of length-delimited fields and numbers. */
function message(...fields: readonly (readonly [number, Uint8Array | string | number])[]): Uint8Array {
  const writer = new ByteWriter();
  for (const [field, value] of fields) {
    writer.varint(field * 8 + (typeof value === "number" ? 0 : 2));
    if (typeof value === "number") writer.varint(value);
    else if (typeof value === "string") writer.text(value);
    else {
      writer.varint(value.length);
      writer.raw(value);
    }
  }
  return writer.taken();
}

const entry = message(
  [1, message([1, 1_772_625_600], [2, 123_456_789])],
  [2, "hello"],
  [3, message([1, "trace"], [2, "x"])],
);
const push = message([1, message([1, '{service="api"}'], [2, entry], [3, 7])]);

describe("a push of Loki's as protobuf", () => {
  test("has streams with entries to the nanosecond and their fields", () => {
    const collector = new Collector(logLimits);
    readLokiProtobuf(collector, push);
    const [read] = entriesOf(collector.batch("t").frame, 1);
    expect(read).toMatchObject({
      labels: { service: "api" },
      timeMs: 1_772_625_600_123,
      subNs: 456_789,
      line: "hello",
    });
    expect({ ...read?.fields }).toEqual({ trace: "x" });
  });

  test("that is cut off is refused", () => {
    for (let cut = 1; cut < push.length; cut++) {
      expect(() => readLokiProtobuf(new Collector(logLimits), push.subarray(0, cut))).toThrow("no push of Loki's");
    }
    expect(() => readLokiProtobuf(new Collector(logLimits), Buffer.from([0b1011]))).toThrow("wire type 3");
  });
});
