import { describe, expect, test } from "bun:test";
import { parseQuery } from "../parse.ts";
import { through } from "./pipes.fixture.suite.ts";
import { bucketOf, statsPipe } from "./stats.ts";

const cut = (): never => {
  throw new Error("nothing has to be left out here");
};

function counted(text: string, rows: readonly Readonly<Record<string, string | number>>[]) {
  const [pipe] = parseQuery(`x | ${text}`, 0).pipes;
  if (pipe?.kind !== "stats") throw new Error("that is no count");
  return through(rows, (next) => statsPipe(pipe, { next, cut }));
}

describe("figures over groups", () => {
  const rows = [
    { route: "/a", ms: 10, user: "ada", _time: "2026-03-04T12:00:10Z" },
    { route: "/a", ms: "30", user: "bob", _time: "2026-03-04T12:04:10Z" },
    { route: "/b", ms: 5, user: "ada", _time: "2026-03-04T12:05:00Z" },
    { route: "/a", ms: "slow" },
  ];

  test("are what they are called", () => {
    expect(
      counted("stats count(), sum(ms), avg(ms), min(ms), max(ms), uniq(user), p50(ms), count(user) as named", rows),
    ).toEqual([
      {
        "count()": 4,
        "sum(ms)": 45,
        "avg(ms)": 15,
        "min(ms)": 5,
        "max(ms)": "slow",
        "uniq(user)": 2,
        "p50(ms)": 10,
        named: 3,
      },
    ]);
    expect(counted("stats by (route) count(), p99(ms)", rows)).toEqual([
      { route: "/a", "count()": 3, "p99(ms)": 30 },
      { route: "/b", "count()": 1, "p99(ms)": 5 },
    ]);
    expect(counted("stats by (_time:5m) count()", rows)).toEqual([
      { _time: "2026-03-04T12:00:00.000Z", "count()": 2 },
      { _time: "2026-03-04T12:05:00.000Z", "count()": 1 },
      { "count()": 1 },
    ]);
  });

  test("over nothing are nothing, but for counts", () => {
    expect(counted("stats count(), avg(ms), p50(ms), sum(ms)", [])).toEqual([{ "count()": 0, "sum(ms)": 0 }]);
    expect(counted("stats by (route) count()", [])).toEqual([]);
  });

  test("take counts of rows that nobody looked at", () => {
    const [pipe] = parseQuery("x | stats by (level) count()", 0).pipes;
    if (pipe?.kind !== "stats") throw new Error("that is no count");
    const found = through([], (next) => {
      const running = statsPipe(pipe, { next, cut });
      running.count(["error"], 7);
      running.count(["error"], 3);
      return running;
    });
    expect(found).toEqual([{ level: "error", "count()": 10 }]);
  });

  test("fall into buckets that begin at whole multiples", () => {
    expect([0, 59_999, 60_000, -1].map((each) => bucketOf(each, 60_000) + 0)).toEqual([0, 0, 60_000, -60_000]);
  });
});
