// For tests of PromQL: series written as Prometheus' own tests write them, and expressions asked over them.
import type { MetricPoint, MetricSeries } from "../sample.ts";
import { answerPromQl } from "./evaluate.ts";
import type { PromQlAnswer, Steps } from "./evaluate.ts";
import { parsePromQl } from "./parse.ts";
import { compileMatchers } from "./source.ts";
import type { SampleSource } from "./source.ts";

/** `name{a="b"} 1 2 _ stale 5+1x3`: a value each minute from 0 on. */
function series(text: string): MetricSeries {
  const [, name = "", inside = "", rest = ""] = /^(\w+)(?:\{(.*)\})? (.*)$/.exec(text) ?? [];
  const labels: Record<string, string> = { __name__: name };
  for (const [, label = "", value = ""] of inside.matchAll(/(\w+)="([^"]*)"/g)) labels[label] = value;
  const values = rest.split(" ").flatMap((each): readonly (number | "stale" | "_")[] => {
    if (each === "_" || each === "stale") return [each];
    const [, first, step, times] = /^(-?[\d.]+|NaN|Inf)(?:([-+][\d.]+)x(\d+))?$/.exec(each) ?? [];
    const start = first === "Inf" ? Infinity : Number(first);
    return Array.from({ length: Number(times ?? 0) + 1 }, (_, i) => start + i * Number(step ?? 0));
  });
  const points = values.flatMap((value, i): MetricPoint[] => (value === "_" ? [] : [{ timeMs: i * 60_000, value }]));
  return { labels, points };
}

function sourceOf(all: readonly MetricSeries[]): SampleSource {
  return {
    select: (matchers, { fromMs, toMs }) => {
      const fits = compileMatchers(matchers);
      return all
        .filter(({ labels }) => fits(labels))
        .map(({ labels, points }) => ({
          labels,
          points: points.filter(({ timeMs }) => timeMs >= fromMs && timeMs <= toMs),
        }))
        .filter(({ points }) => points.length > 0);
    },
  };
}

export function ask(texts: readonly string[], query: string, steps: Steps): PromQlAnswer {
  return answerPromQl(parsePromQl(query), {
    source: sourceOf(texts.map(series)),
    steps,
    lookbackMs: () => 300_000,
    checkTime: () => undefined,
  });
}

/** At a minute: labels of each value and the value, sorted. */
export function at(texts: readonly string[], query: string, minute: number): readonly string[] {
  const ms = minute * 60_000;
  const answer = ask(texts, query, { fromMs: ms, toMs: ms, stepMs: 0 });
  if (answer.kind === "scalar") return [String(answer.points[0]?.[1])];
  if (answer.kind === "text") return [answer.text];
  return answer.series
    .map(({ labels, points }) => {
      const { __name__: name = "", ...rest } = labels;
      const pairs = Object.entries(rest).toSorted(([x], [y]) => (x < y ? -1 : 1));
      const text = pairs.length === 0 ? "" : `{${pairs.map(([label, value]) => `${label}=${value}`).join(",")}}`;
      return `${name}${text} ${points.map(([, value]) => Number(value.toPrecision(6))).join(" ")}`.trim();
    })
    .toSorted();
}
