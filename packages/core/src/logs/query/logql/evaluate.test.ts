import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { entry, noonMs } from "../../storage/entries.fixture.suite.ts";
import type { LogFolder } from "../../storage/folder.fixture.suite.ts";
import { ask, filled, noonNs, valuesAt } from "./logql.fixture.suite.ts";

const second = 1_000_000_000n;
let folder: LogFolder;
beforeAll(() => {
  const labels = (app: string) => ({ labels: { app, env: "prod" } });
  folder = filled([
    entry({ ...labels("shop"), timeMs: noonMs, line: "a=1 t=10ms" }),
    entry({ ...labels("shop"), timeMs: noonMs + 10_000, subNs: 1, line: "a=2 t=20ms" }),
    entry({ ...labels("mail"), timeMs: noonMs + 10_000, line: "a=5 t=1s" }),
    entry({ ...labels("shop"), timeMs: noonMs + 20_000, line: "a=x" }),
  ]);
});
afterAll(() => folder[Symbol.dispose]());

function lines(text: string, p: Parameters<typeof ask>[2] = {}): readonly string[] {
  const answer = ask(folder, text, p);
  if (answer.kind !== "lines") throw new Error(`${text} answers ${answer.kind}`);
  return answer.lines.map(({ line }) => line.slice(0, 3));
}

describe("lines", () => {
  test("come latest first or earliest first, and so many", () => {
    expect(lines('{env="prod"}')).toEqual(["a=x", "a=2", "a=5", "a=1"]);
    expect(lines('{env="prod"}', { limit: 2, direction: "forward" })).toEqual(["a=1", "a=5"]);
    expect(lines('{env="prod"} | logfmt | a < 3 | __error__=""', { limit: 1 })).toEqual(["a=2"]);
  });

  test("begin with the first moment and end before the last, to the nanosecond", () => {
    const at = noonNs + 10n * second;
    expect(lines('{env="prod"}', { fromNs: at, toNs: at + 1n })).toEqual(["a=5"]);
    expect(lines('{env="prod"}', { fromNs: at + 1n, toNs: at + 2n })).toEqual(["a=2"]);
    expect(lines('{env="prod"}', { fromNs: at + 2n, toNs: at + 10n * second })).toEqual([]);
  });

  test("of one moment are not left out for each other", () => {
    using made = filled([0, 0, 1, 1].map((each) => entry({ timeMs: noonMs + each, line: String(each) })));
    expect(ask(made, '{service="api"}', { limit: 2, direction: "forward" })).toMatchObject({
      lines: [{ line: "0" }, { line: "0" }],
    });
  });

  test("are those that looking at each finds, whatever the order they came in", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(20), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 10 }),
        fc.constantFrom("backward" as const, "forward" as const),
        (seconds, limit, direction) => {
          using made = filled(seconds.map((each) => entry({ timeMs: noonMs + each * 1_000, line: String(each) })));
          const answer = ask(made, '{service="api"}', { limit, direction });
          const expected = seconds.toSorted((a, b) => (direction === "forward" ? a - b : b - a)).slice(0, limit);
          expect(answer.kind === "lines" && answer.lines.map(({ line }) => Number(line))).toEqual(expected);
        },
      ),
      { numRuns: 20 },
    );
  }, 60_000);
});

describe("a range", () => {
  test("leaves out its beginning and holds its end", () => {
    const text = 'count_over_time({app="shop"}[10s])';
    expect(valuesAt(folder, `sum(${text})`, noonNs)).toEqual({ "": 1 });
    expect(valuesAt(folder, `sum(${text})`, noonNs + 10n * second)).toEqual({});
    expect(valuesAt(folder, `sum(${text})`, noonNs + 10n * second + 1n)).toEqual({ "": 1 });
    expect(valuesAt(folder, `sum(${text})`, noonNs + 20n * second)).toEqual({ "": 2 });
    expect(valuesAt(folder, `sum(${text})`, noonNs + 20n * second + 1n)).toEqual({ "": 1 });
    expect(valuesAt(folder, 'sum(count_over_time({app="shop"}[10s] offset 1m))')).toEqual({ "": 1 });
    expect(valuesAt(folder, 'sum(count_over_time({app="mail"}[1s] offset -10s))', noonNs)).toEqual({ "": 1 });
  });

  test("is answered at every step, the last included", () => {
    const answer = ask(folder, 'sum by (app) (count_over_time({env="prod"}[10s]))', {
      toNs: noonNs + 20n * second,
      stepMs: 10_000,
    });
    expect(answer).toMatchObject({
      kind: "series",
      series: [
        {
          labels: { app: "shop" },
          points: [
            [noonMs, 1],
            [noonMs + 20_000, 2],
          ],
        },
        { labels: { app: "mail" }, points: [[noonMs + 10_000, 1]] },
      ],
    });
  });

  test("makes one series of those that are the same once labels are left out", () => {
    const text = (fn: string, by = "") => `${fn}({env="prod"} | logfmt | unwrap a | __error__="" [2m])${by}`;
    expect(valuesAt(folder, text("max_over_time", " by (env)"))).toEqual({ "env=prod": 5 });
    expect(valuesAt(folder, text("avg_over_time", " without (app, t, detected_level)"))).toEqual({
      "env=prod": 8 / 3,
    });
    expect(valuesAt(folder, `sum(${text("sum_over_time")})`)).toEqual({ "": 8 });
    // The label that values are taken from is there to group by.
    expect(valuesAt(folder, `sum by (a) (${text("sum_over_time")})`)).toEqual({ "a=1": 1, "a=2": 2, "a=5": 5 });
    expect(valuesAt(folder, `max by (a) (${text("sum_over_time")})`)).toEqual({ "": 5 });
    expect(valuesAt(folder, text("max_over_time", " by (a)"))).toEqual({ "a=1": 1, "a=2": 2, "a=5": 5 });
    expect(valuesAt(folder, 'sum_over_time({app="mail"} | logfmt | keep app, t | unwrap duration(t) [2m])')).toEqual({
      "app=mail": 1,
    });
  });

  test("says where a value is none", () => {
    expect(() => valuesAt(folder, 'sum_over_time({app="shop"} | logfmt | unwrap a [2m])')).toThrow(
      "pipeline error: 'SampleExtractionErr'",
    );
  });

  test("without anything is absent, by the labels that are known", () => {
    expect(valuesAt(folder, 'absent_over_time({app="x", env=~".+"}[1m])')).toEqual({ "app=x": 1 });
    expect(valuesAt(folder, 'absent_over_time({app="x", app!="y", env="z"}[1m])')).toEqual({ "env=z": 1 });
    expect(valuesAt(folder, 'absent_over_time({app="shop"}[2m])')).toEqual({});
  });
});

describe("calculation", () => {
  const count = 'sum by (app) (count_over_time({env="prod"}[2m]))';

  test("goes through functions inside functions", () => {
    expect(valuesAt(folder, `max(${count}) - min(${count})`)).toEqual({ "": 2 });
    expect(valuesAt(folder, `100 * ${count} / on () group_left () sum(${count})`)).toEqual({
      "app=mail": 25,
      "app=shop": 75,
    });
    expect(valuesAt(folder, `${count} > 1 or vector(0)`)).toEqual({ "": 0, "app=shop": 3 });
    expect(ask(folder, "2 ^ 3 ^ 2")).toMatchObject({ kind: "number", value: 512 });
  });

  test("replaces labels where the whole of one fits", () => {
    const replaced = (to: string, pattern: string) =>
      valuesAt(folder, `label_replace(${count} > 1, "to", "${to}", "app", "${pattern}")`);
    expect(replaced("$1-${rest}", "(s)(?P<rest>.*)")).toEqual({ "app=shop,to=s-hop": 3 });
    expect(replaced("x", "sho")).toEqual({ "app=shop": 3 });
  });

  test.each([
    ["sum(1)", "sum is made of series, not of a number"],
    [`1 or ${count}`, "or stands between series"],
    [`label_replace(1, "a", "b", "c", "d")`, "label_replace is made of series"],
    [`${count} / on () ${count}`, "Several series of one side"],
  ])("%s is refused", (text, words) => {
    expect(() => valuesAt(folder, text)).toThrow(words);
  });
});
