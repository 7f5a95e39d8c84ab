import { describe, expect, test } from "bun:test";
import { found, now } from "../found.fixture.suite.ts";
import { datadogDefaults, readDatadog } from "./datadog.ts";

describe("logs as Datadog's agents send them", () => {
  test("are one or several, with tags as fields and what the URL says of all", () => {
    const text = JSON.stringify([
      {
        message: "one",
        ddtags: "env:prod,team:pay,new",
        hostname: "h",
        service: "shop",
        status: "warn",
        timestamp: now.timeMs,
      },
      { message: "two" },
      3,
    ]);
    const { entries, collector } = found((into) =>
      readDatadog(into, { text, defaults: { ddsource: "node", service: "all" }, now }),
    );
    expect(entries).toMatchObject([
      {
        line: "one",
        level: "warn",
        labels: { host: "h", service: "shop", source: "node" },
        fields: { env: "prod", team: "pay", new: true },
      },
      { line: "two", labels: { service: "all", source: "node" }, timeMs: now.timeMs },
    ]);
    expect(collector.rejected).toEqual([{ index: 2, code: "not_an_entry" }]);
    expect(
      found((into) => readDatadog(into, { text: '{"message":"x","ddtags":["a:b"]}', defaults: {}, now })).entries,
    ).toMatchObject([{ line: "x", fields: { a: "b" } }]);
    expect(datadogDefaults).toContain("ddtags");
  });

  test.each([
    ["{", "not JSON"],
    ["3", "neither an entry"],
  ])("that are %s are refused", (text, said) => {
    expect(() => found((into) => readDatadog(into, { text, defaults: {}, now }))).toThrow(said);
  });
});
