import { describe, expect, test } from "bun:test";
import { found, now } from "../found.fixture.suite.ts";
import { attributesIn, nanosIn, objectsIn, otlpJsonValue, readOtlpJson } from "./json.ts";

const text = (...logRecords: object[]): string =>
  JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "api" } }] },
        scopeLogs: [{ scope: { name: "lib" }, logRecords }],
      },
    ],
  });

describe("an export of logs as JSON", () => {
  test("has records with times as texts, ids in hexadecimal, numbers by name", () => {
    const { entries } = found((into) =>
      readOtlpJson(into, {
        text: text({
          timeUnixNano: "1772625600123456789",
          severityNumber: "SEVERITY_NUMBER_WARN2",
          body: { stringValue: "hello" },
          attributes: [{ key: "n", value: { intValue: "7" } }],
          traceId: "5b8efff798038103d269b633813fc60c",
        }),
        now,
      }),
    );
    expect(entries).toMatchObject([
      {
        labels: { service: "api" },
        timeMs: 1_772_625_600_123,
        subNs: 456_789,
        line: "hello",
        level: "warn",
        fields: { n: 7, trace_id: "5b8efff798038103d269b633813fc60c", "scope.name": "lib" },
      },
    ]);
  });

  test.each([
    ["{", "not JSON"],
    ["[]", "no export"],
    ['{"resourceLogs":3}', "`resourceLogs` is not a list"],
    ['{"resourceLogs":[{"scopeLogs":[{"logRecords":[1]}]}]}', "`logRecords` is not a list"],
  ])("that is %s is refused", (body, said) => {
    expect(() => found((into) => readOtlpJson(into, { text: body, now }))).toThrow(said);
  });

  test("has values of every kind", () => {
    const kv = { kvlistValue: { values: [{ key: "a", value: { boolValue: true } }] } };
    expect(otlpJsonValue({ arrayValue: { values: [{ doubleValue: 1.5 }, kv, {}] } })).toEqual([
      1.5,
      { a: true },
      undefined,
    ]);
    let deep: object = { stringValue: "x" };
    for (let i = 0; i < 60; i++) deep = { arrayValue: { values: [deep] } };
    expect(() => otlpJsonValue(deep)).toThrow("too deep");
    expect({ ...attributesIn({ attributes: [{ key: "k", value: { stringValue: "v" } }] }) }).toEqual({ k: "v" });
    expect([nanosIn({ t: 5 }, "t"), nanosIn({}, "t"), objectsIn({}, "x")]).toEqual(["5", "0", []]);
  });
});
