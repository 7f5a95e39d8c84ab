// One question in LogQL, from its text to what crosses from the thread that reads: plain values, moments as nanoseconds in decimal.
import type { Snapshot } from "../../storage/snapshot.ts";
import type { Damage } from "../../storage/sealing.ts";
import type { QueryAnswer, visit } from "../execute.ts";
import { valuesMax } from "../pipes/pipe.ts";
import { evaluate, findLines } from "./evaluate.ts";
import { LogQlError } from "./logql-error.ts";
import { momentOfNs, nsOf } from "./moment.ts";
import type { Moment } from "./moment.ts";
import { parseLogQl } from "./parse.ts";
import type { LabelSet } from "./samples.ts";

export interface LogQlQuestion {
  readonly tenant: string;
  readonly text: string;
  /** Nanoseconds since 1970. Lines are looked for from here to before `toNs`; values are answered at every step, `toNs` included. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
  /** 0: at `toNs` alone, which lines cannot be asked for at. */
  readonly stepMs: number;
  readonly limit: number;
  readonly direction: "backward" | "forward";
  /** Labels of the stream, of what came with an entry and of what was found in its line apart. */
  readonly categorize: boolean;
}

interface AnsweredLine {
  readonly labels: Readonly<Record<string, string>>;
  readonly ns: string;
  readonly line: string;
  readonly structuredMetadata?: Readonly<Record<string, string>>;
  readonly parsed?: Readonly<Record<string, string>>;
}

interface AnsweredSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [ms: number, value: number])[];
}

export type LogQlAnswer = {
  readonly partial: QueryAnswer["partial"];
  readonly scannedBytes: number;
  readonly damage: readonly Damage[];
} & (
  | { readonly kind: "lines"; readonly lines: readonly AnsweredLine[] }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "series"; readonly series: readonly AnsweredSeries[] }
);

const seriesMax = 5_000;
const stepsMax = 11_000;

/** Throws `QueryError` and `LogQlError`. */
export function answerLogQl(
  snapshot: Snapshot,
  p: LogQlQuestion,
  limits: Parameters<typeof visit>[1]["limits"],
): LogQlAnswer {
  const expression = parseLogQl(p.text);
  let partial: QueryAnswer["partial"];
  let scannedBytes = 0;
  const looking = {
    snapshot,
    tenant: p.tenant,
    limits,
    samplesMax: valuesMax,
    seriesMax,
    looked: (looked: Pick<QueryAnswer, "partial" | "scannedBytes">): void => {
      partial ??= looked.partial;
      scannedBytes += looked.scannedBytes;
    },
  };
  const [from, to] = [momentOfNs(p.fromNs), momentOfNs(p.toNs)];
  if (expression.kind === "log") {
    if (p.stepMs === 0)
      throw new LogQlError(
        "log queries are not supported as an instant query type, please change your query to a range query type",
      );
    const { limit, direction, categorize } = p;
    const lines = findLines(expression, looking, { from, to, limit, direction, categorize }).map(
      ({ labels, moment, line, categories }) => ({ labels, ns: String(nsOf(moment)), line, ...categories }),
    );
    return { kind: "lines", lines, partial, scannedBytes, damage: snapshot.damage };
  }
  if (p.stepMs > 0 && Number(p.toNs - p.fromNs) / 1e6 / p.stepMs > stepsMax)
    throw new LogQlError(
      `exceeded maximum resolution of ${stepsMax} points per time series. Try increasing the value of the step parameter`,
    );
  const steps = p.stepMs === 0 ? { from: to, to, stepMs: 1 } : { from, to, stepMs: p.stepMs };
  const found = evaluate(expression, looking, steps);
  const rest = { partial, scannedBytes, damage: snapshot.damage };
  if (typeof found === "number") return { kind: "number", value: found, ...rest };
  const series = found.map(({ labels, points }) => ({
    labels: plainLabels(labels),
    points: points.map(([moment, value]) => [millisecondsOf(moment), value] as const),
  }));
  return { kind: "series", series, ...rest };
}

/** The moments a question may need anything of: a range reaches back before its beginning. */
export function reachOf(p: Pick<LogQlQuestion, "text" | "fromNs" | "toNs">): {
  readonly fromMs: number;
  readonly toMs: number;
} {
  const expression = parseLogQl(p.text);
  const [back, ahead] = expression.kind === "log" ? [0, 0] : farthest(expression);
  return { fromMs: momentOfNs(p.fromNs).ms - Math.ceil(back), toMs: momentOfNs(p.toNs).ms + Math.ceil(ahead) + 1 };
}

type Metric = Exclude<ReturnType<typeof parseLogQl>, { kind: "log" }>;

/** Milliseconds before the beginning, and behind the end. */
function farthest(metric: Metric): readonly [number, number] {
  switch (metric.kind) {
    case "range":
      return [Math.max(0, metric.range.rangeMs + metric.range.offsetMs), Math.max(0, -metric.range.offsetMs)];
    case "aggregate":
    case "label_replace":
      return farthest(metric.of);
    case "binary": {
      const [a, b] = [farthest(metric.left), farthest(metric.right)];
      return [Math.max(a[0], b[0]), Math.max(a[1], b[1])];
    }
    default:
      return [0, 0];
  }
}

const plainLabels = (labels: LabelSet): Readonly<Record<string, string>> => Object.fromEntries(labels);
const millisecondsOf = ({ ms, subNs }: Moment): number => ms + Math.round(subNs / 1_000) / 1_000;
