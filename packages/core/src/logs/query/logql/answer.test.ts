import { describe, expect, test } from "bun:test";
import { entry, noonMs } from "../../storage/entries.fixture.suite.ts";
import { reachOf } from "./answer.ts";
import { ask, filled, noonNs } from "./logql.fixture.suite.ts";

describe("an answer", () => {
  test("has moments as nanoseconds, and labels apart where that is asked for", () => {
    using folder = filled([entry({ subNs: 7, line: "b=1", fields: { trace: "t" } })]);
    expect(ask(folder, '{service="api"} | logfmt', { categorize: true })).toMatchObject({
      kind: "lines",
      lines: [
        {
          ns: String(noonNs + 7n),
          line: "b=1",
          labels: { service: "api" },
          structuredMetadata: { trace: "t" },
          parsed: { b: "1" },
        },
      ],
      partial: undefined,
      damage: [],
    });
    expect(ask(folder, '{service="api"}')).toMatchObject({ lines: [{ labels: { service: "api", trace: "t" } }] });
    expect(ask(folder, '{service="api"}', { tenant: "acme" })).toMatchObject({ lines: [] });
  });

  test.each([
    ["lines at one moment", '{service="api"}', { stepMs: 0 }, "not supported as an instant query type"],
    ["too many steps", 'rate({service="api"}[1m])', { stepMs: 1 }, "exceeded maximum resolution of 11000 points"],
  ])("is refused to %s", (_what, text, p, words) => {
    using folder = filled([entry()]);
    expect(() => ask(folder, text, p)).toThrow(words);
  });
});

test("a question reaches back by its ranges and offsets, and ahead by those below nothing", () => {
  const span = { fromNs: noonNs, toNs: noonNs };
  expect(reachOf({ text: '{a="b"}', ...span })).toEqual({ fromMs: noonMs, toMs: noonMs + 1 });
  const range = (ms: string) => `count_over_time({a="b"}[${ms}])`;
  expect(reachOf({ text: `sum(${range("1m] offset 1m").replace("])", ")")}) / ${range("5s")}`, ...span })).toEqual({
    fromMs: noonMs - 120_000,
    toMs: noonMs + 1,
  });
  expect(reachOf({ text: 'rate({a="b"}[1s] offset -1m) + 1', ...span })).toEqual({
    fromMs: noonMs,
    toMs: noonMs + 60_001,
  });
});
