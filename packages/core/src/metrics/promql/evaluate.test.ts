import { describe, expect, test } from "bun:test";
import { ask, at } from "./promql.fixture.suite.ts";

const http = [
  'http_total{job="api",code="200"} 0+60x10',
  'http_total{job="api",code="500"} 0+6x10',
  'http_total{job="web",code="200"} 0+120x10',
];
const memory = ['mem{job="api"} 1 2 3 4 5 6', 'mem{job="web"} 10 _ _ _ _ _ _ _ 3'];

describe("the latest value of a series", () => {
  test("is up to five minutes old, and gone where the series has ended", () => {
    expect(at(memory, "mem", 5)).toEqual(["mem{job=api} 6", "mem{job=web} 10"]);
    expect(at(memory, "mem", 6)).toEqual(["mem{job=api} 6"]);
    expect(at(["a 1 stale"], "a", 1)).toEqual([]);
    expect(at(["a 1 stale"], "a", 0)).toEqual(["a 1"]);
    expect(at(memory, 'mem{job=~"w.*"} offset 5m', 5)).toEqual(["mem{job=web} 10"]);
    expect(at(memory, "mem offset -2m", 2)).toEqual(["mem{job=api} 5", "mem{job=web} 10"]);
  });
});

describe("functions over ranges", () => {
  test.each([
    ["rate(http_total[5m])", ["{code=200,job=api} 1", "{code=200,job=web} 2", "{code=500,job=api} 0.1"]],
    ['increase(http_total{code="500"}[5m])', ["{code=500,job=api} 30"]],
    ['irate(http_total{job="web"}[5m])', ["{code=200,job=web} 2"]],
    ['delta(http_total{job="web"}[2m])', ["{code=200,job=web} 240"]],
    ['count_over_time(http_total{job="web"}[2m])', ["{code=200,job=web} 3"]],
    ['avg_over_time(http_total{job="web"}[2m])', ["{code=200,job=web} 1080"]],
    ['max_over_time(http_total{job="web"}[2m] offset 1m)', ["{code=200,job=web} 1080"]],
    ['last_over_time(http_total{job="web"}[2m])', ["http_total{code=200,job=web} 1200"]],
    ['quantile_over_time(0.5, http_total{job="web"}[2m])', ["{code=200,job=web} 1080"]],
    ['predict_linear(http_total{job="web"}[5m], 60)', ["{code=200,job=web} 1320"]],
    ["absent_over_time(nothing[5m])", [" 1".trim()]],
    ["absent_over_time(http_total[5m])", []],
    ['absent(nothing{a="b",c=~"d"})', ["{a=b} 1"]],
  ])("%s", (query, wanted) => {
    expect(at(http, query, 10)).toEqual([...wanted]);
  });

  test("see that a counter began anew, and never draw one out below nothing", () => {
    expect(at(["c 5 10 2 4"], "increase(c[3m])", 3)).toEqual(["9"]);
    expect(at(["c 5 10 2 4"], "resets(c[3m])", 3)).toEqual(["1"]);
    expect(at(["c _ _ 1 31"], "increase(c[10m])", 3)).toEqual(["31"]);
    expect(at(["c 1"], "rate(c[5m])", 0)).toEqual([]);
  });

  test("leave out what ends a series, and answer ranges as they are", () => {
    expect(at(["a 1 stale 3"], "sum_over_time(a[2m])", 2)).toEqual(["4"]);
    expect(at(["a 1 2 stale 4"], "a[2m]", 3)).toEqual(["a 2 4"]);
  });
});

describe("calculation", () => {
  test.each([
    ["1 + 2 * 3 ^ 2 - -1", ["20"]],
    ["-2 ^ 2", ["-4"]],
    ["7 % 4 > bool 2", ["1"]],
    ["mem * 2", ["{job=api} 12", "{job=web} 20"]],
    ["mem > 7", ["mem{job=web} 10"]],
    ["7 < mem", ["mem{job=web} 10"]],
    ["mem > bool 7", ["{job=api} 0", "{job=web} 1"]],
    ["-mem", ["{job=api} -6", "{job=web} -10"]],
    ["mem / mem", ["{job=api} 1", "{job=web} 1"]],
    ['mem and mem{job="api"}', ["mem{job=api} 6"]],
    ['mem unless mem{job="api"}', ["mem{job=web} 10"]],
    ['mem{job="api"} or mem', ["mem{job=api} 6", "mem{job=web} 10"]],
    ["vector(3)", ["3"]],
    ["scalar(mem)", ["NaN"]],
    ['scalar(mem{job="api"}) + 1', ["7"]],
    ["time()", ["300"]],
    ['"text"', ["text"]],
    ["timestamp(mem)", ["{job=api} 300", "{job=web} 0"]],
    ["clamp(mem, 7, 9)", ["{job=api} 7", "{job=web} 9"]],
    ["clamp(mem, 9, 7)", []],
    ["clamp_max(clamp_min(mem, 7), 8)", ["{job=api} 7", "{job=web} 8"]],
    ["round(mem / 4, 0.5)", ["{job=api} 1.5", "{job=web} 2.5"]],
    ["sgn(mem - 6)", ["{job=api} 0", "{job=web} 1"]],
    ["minute()", ["5"]],
    ['label_replace(mem, "host", "$1-x", "job", "(a.*)")', ["mem{host=api-x,job=api} 6", "mem{job=web} 10"]],
    ['label_join(mem, "j", "/", "job", "job")', ["mem{j=api/api,job=api} 6", "mem{j=web/web,job=web} 10"]],
  ])("%s", (query, wanted) => {
    expect(at(memory, query, 5)).toEqual([...wanted]);
  });

  test("of several series that meet one needs to be said", () => {
    const limits = ['limit{job="api"} 100'];
    const all = [...http, ...limits];
    expect(at(all, "http_total / on(job) group_left limit", 1)).toEqual([
      "{code=200,job=api} 0.6",
      "{code=500,job=api} 0.06",
    ]);
    expect(at(all, 'limit / on(job) group_right http_total{code="200"}', 1)).toEqual(["{code=200,job=api} 1.66667"]);
    expect(() => at(all, "http_total / on(job) limit", 1)).toThrow("many-to-one matching must be explicit");
    expect(() => at(all, "limit / on(job) http_total", 1)).toThrow("many-to-many matching not allowed");
    expect(at([...limits, 'about{job="api",v="2"} 1'], "limit * on(job) group_left(v) about", 0)).toEqual([
      "{job=api,v=2} 100",
    ]);
    expect(() => at(['a{x="1"} 1', 'b{x="1"} 1'], '-{x="1"}', 0)).toThrow("same labelset");
  });
});

describe("aggregation", () => {
  test.each([
    ["sum(http_total)", ["1860"]],
    ["sum by (job) (http_total)", ["{job=api} 660", "{job=web} 1200"]],
    ["sum without (code) (http_total)", ["{job=api} 660", "{job=web} 1200"]],
    ["avg(http_total) by (code)", ["{code=200} 900", "{code=500} 60"]],
    ["topk(1, http_total)", ["http_total{code=200,job=web} 1200"]],
    ["bottomk by (job) (1, http_total)", ["http_total{code=200,job=web} 1200", "http_total{code=500,job=api} 60"]],
    ["count(http_total) + group(http_total)", ["4"]],
    ["max(http_total) - min(http_total)", ["1140"]],
    ["quantile(0.5, http_total)", ["600"]],
    ["stdvar(http_total > 60)", ["90000"]],
    ['count_values("v", http_total > bool 100)', ["{v=0} 1", "{v=1} 2"]],
    ["SUM(rate(http_total[5m])) BY (nothing)", ["3.1"]],
  ])("%s", (query, wanted) => {
    expect(at(http, query, 10)).toEqual([...wanted]);
  });
});

describe("quantiles of histograms", () => {
  const buckets = ['h_bucket{le="1"} 10', 'h_bucket{le="5"} 30', 'h_bucket{le="+Inf"} 40', 'h_bucket{le="x"} 9'];
  test.each([
    ["histogram_quantile(0.5, h_bucket)", ["3"]],
    ["histogram_quantile(0.1, h_bucket)", ["0.4"]],
    ["histogram_quantile(0.99, h_bucket)", ["5"]],
    ["histogram_quantile(2, h_bucket)", ["Infinity"]],
    ["histogram_quantile(-1, h_bucket)", ["-Infinity"]],
    ['histogram_quantile(0.5, h_bucket{le!="+Inf"})', ["NaN"]],
  ])("%s", (query, wanted) => {
    expect(at(buckets, query, 0)).toEqual([...wanted]);
  });
});

test("a span has a value at each step, and series begin and end in it", () => {
  const answer = ask(memory, "mem > 2", { fromMs: 0, toMs: 10 * 60_000, stepMs: 120_000 });
  expect(answer).toEqual({
    kind: "vector",
    series: [
      {
        labels: { __name__: "mem", job: "web" },
        points: [
          [0, 10],
          [120_000, 10],
          [240_000, 10],
          [480_000, 3],
          [600_000, 3],
        ],
      },
      {
        labels: { __name__: "mem", job: "api" },
        points: [
          [120_000, 3],
          [240_000, 5],
          [360_000, 6],
          [480_000, 6],
          [600_000, 6],
        ],
      },
    ],
  });
});
