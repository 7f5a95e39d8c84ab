// The settings of metrics: targets that are asked for their samples.
import { describe, expect, test } from "bun:test";
import { scrapeTargets } from "./config-metrics.ts";

describe("targets", () => {
  test("are none without being set, and otherwise what was written", () => {
    expect(scrapeTargets(undefined)).toEqual([]);
    expect(scrapeTargets([{ job: "api", url: "http://127.0.0.1:9100/metrics" }])).toEqual([
      { job: "api", url: "http://127.0.0.1:9100/metrics", everyMs: 15_000, labels: {}, headers: {} },
    ]);
    const whole = {
      job: "a",
      url: "https://b/c?d",
      every: "1m",
      labels: { zone: "x" },
      headers: { authorization: "y" },
    };
    const { every: _, ...rest } = whole;
    expect(scrapeTargets([whole])).toEqual([{ ...rest, everyMs: 60_000 }]);
  });

  test.each([
    [{}],
    [[7]],
    [[{ url: "http://a" }]],
    [[{ job: "a", url: "ftp://a" }]],
    [[{ job: "a", url: "http://a", every: "10ms" }]],
    [[{ job: "a", url: "http://a", every: 7.5 }]],
    [[{ job: "a", url: "http://a", labels: { "b-c": "x" } }]],
    [[{ job: "a", url: "http://a", headers: { b: 1 } }]],
    [[{ job: "a", url: "http://a", more: 1 }]],
  ])("are not %j", (value) => {
    expect(() => scrapeTargets(value)).toThrow("metrics.scrape");
  });
});
