import { describe, expect, test } from "bun:test";
import { found, now } from "./found.fixture.suite.ts";
import { addObject, isObject, parsedJson, severityName, usualLabels } from "./objects.ts";

const form = { times: ["at"], lines: ["message"], labels: usualLabels };

describe("an object of JSON", () => {
  test("becomes an entry: its time, its line, its labels, and fields of the rest", () => {
    const { entries } = found((into) => {
      const at = "2026-03-04T12:00:00.000000001Z";
      addObject(into, { at, message: "m", service: { name: "api" }, host: "h", a: { b: 1 } }, { form, now });
      addObject(into, { host: true, service: "" }, { form, now, labels: { service: "given" } });
    });
    expect(entries).toMatchObject([
      { timeMs: now.timeMs - 500, subNs: 1, line: "m", labels: { service: "api", host: "h" } },
      { timeMs: now.timeMs, line: "", labels: { service: "given" }, fields: { host: true, service: "" } },
    ]);
    expect(entries[0]?.fields).toEqual({ "a.b": 1 });
  });

  test("that is none is told apart", () => {
    expect([isObject({}), isObject([]), isObject(null), isObject("x")]).toEqual([true, false, false, false]);
    expect([parsedJson("null"), parsedJson("{")]).toEqual([{ json: null }, undefined]);
    expect([severityName(3), severityName("7"), severityName(8), severityName("x")]).toEqual([
      "err",
      "debug",
      undefined,
      undefined,
    ]);
  });
});
