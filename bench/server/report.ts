// What is kept and shown of a run of the suite: the medians of the rounds, the bars, tables for people, one object for programs.

import { type Head, headOf } from "../head.ts";
import { median, shown, type Summary, summarize } from "../statistics.ts";
import { table } from "../table.ts";
import { type ContenderSpec, type LoadName, loadNames, type RouteName, routeNames } from "./contender.ts";
import type { FloodCount } from "./flood.ts";
import type { Scale } from "./options.ts";
import { peerVersions } from "./peers.ts";

/** The bar for p99 of every route of ours with every load, in milliseconds. */
const P99_MS_MAX = 10;
const ERROR_CHARS_MAX = 600;
const DIGITS = 4;
const statistics = ["p50", "p95", "p99", "max"] as const;

/** A route with a load, such as `mixed.list`; or `load.sent`: how late the load itself was. */
export type MetricName = `${LoadName}.${RouteName}` | "load.sent";

const metricNames: readonly MetricName[] = [
  ...loadNames.flatMap((load) => routeNames.map((route): MetricName => `${load}.${route}`)),
  "load.sent",
];

const loadLabels: Readonly<Record<LoadName, string>> = {
  alone: "alone",
  mixed: "in turn",
  flood: "in turn, sign-in flood",
};
const routeLabels: Readonly<Record<RouteName, string>> = {
  health: "/health",
  list: "/api/v1/runs?limit=20",
  run: "/api/v1/runs/:id",
};
const labels: ReadonlyMap<MetricName, string> = new Map<MetricName, string>([
  ...loadNames.flatMap((load) =>
    routeNames.map((route) => [`${load}.${route}`, `${routeLabels[route]}, ${loadLabels[load]}`] as const),
  ),
  ["load.sent", "requests sent after they were due"],
]);

interface Figure {
  readonly median: number;
  /** The figure of each round. */
  readonly rounds: readonly number[];
}

interface Failure {
  readonly round: number;
  readonly error: string;
}

interface Outcome {
  readonly title: string;
  /** Milliseconds from due to answered. */
  readonly figures: Readonly<Partial<Record<MetricName, Readonly<Record<(typeof statistics)[number], Figure>>>>>;
  /** One for each round. */
  readonly floods: readonly FloodCount[];
  readonly failures: readonly Failure[];
}

interface BarResult {
  readonly label: string;
  readonly limitMs: number;
  readonly measuredMs: number;
  readonly met: boolean;
}

export interface Report extends Head {
  readonly suite: "server";
  readonly cases: readonly LoadName[];
  readonly scale: Scale;
  readonly peers: Readonly<Record<string, string>>;
  readonly contenders: Readonly<Record<string, Outcome>>;
  readonly bars: readonly BarResult[];
}

/** What the rounds of one contender brought. */
export class Tally {
  readonly spec: ContenderSpec;
  readonly floods: FloodCount[] = [];
  readonly failures: Failure[] = [];
  readonly #summaries = new Map<MetricName, Summary[]>();
  readonly #samples: Partial<Record<MetricName, number[][]>> = {};

  constructor(spec: ContenderSpec) {
    this.spec = spec;
  }

  /** Every measured value, by metric and round. */
  get samples(): Readonly<Partial<Record<MetricName, number[][]>>> {
    return this.#samples;
  }

  add(metric: MetricName, valuesMs: readonly number[]): void {
    this.#summaries.set(metric, [...(this.#summaries.get(metric) ?? []), summarize(valuesMs)]);
    (this.#samples[metric] ??= []).push(valuesMs.map(rounded));
  }

  outcome(): Outcome {
    const figures = [...this.#summaries].map(([metric, rounds]) => {
      const figureOf = (name: (typeof statistics)[number]): Figure => {
        const values = rounds.map((round) => rounded(round[name]));
        return { median: median(values), rounds: values };
      };
      return [metric, { p50: figureOf("p50"), p95: figureOf("p95"), p99: figureOf("p99"), max: figureOf("max") }];
    });
    const { spec, floods, failures } = this;
    return { title: spec.title, figures: Object.fromEntries(figures) as Outcome["figures"], floods, failures };
  }
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

export function reportOf(given: Omit<Report, "suite" | "peers" | "bars">): Report {
  const ours = given.contenders["sluice"]?.figures ?? {};
  const bars = metricNames.flatMap((metric): BarResult[] => {
    const figure = ours[metric]?.p99;
    if (figure === undefined || metric === "load.sent") return [];
    const measuredMs = figure.median;
    return [{ label: labelOf(metric), limitMs: P99_MS_MAX, measuredMs, met: measuredMs < P99_MS_MAX }];
  });
  return { suite: "server", ...given, peers: peerVersions, bars };
}

function labelOf(metric: MetricName): string {
  return labels.get(metric) ?? metric;
}

/** The report as Markdown that also reads well in a terminal. */
export function renderReport(report: Report): string {
  const { perSecond, seconds, runs, floodPerSecond } = report.scale;
  return [
    ...headOf(report),
    `Milliseconds from due to answered · ${shown(perSecond)} requests/s for ${seconds} s · ${runs.toLocaleString("en-US")} runs · flood: ${floodPerSecond} sign-ins/s`,
    renderFigures(report),
    renderBars(report.bars),
    renderNotes(report),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function renderFigures({ contenders }: Report): string {
  const all = Object.values(contenders);
  const rows = metricNames
    .filter((metric) => all.some(({ figures }) => figures[metric] !== undefined))
    .map((metric) => [
      labelOf(metric),
      ...all.flatMap(({ figures }) => statistics.map((name) => shown(figures[metric]?.[name].median ?? Number.NaN))),
    ]);
  const heads = all.flatMap(({ title }) => statistics.map((name) => `${title} ${name}`));
  return rows.length === 0 ? "" : table(["", ...heads], rows);
}

function renderBars(bars: readonly BarResult[]): string {
  if (bars.length === 0) return "";
  const rows = bars.map(({ label, limitMs, measuredMs, met }) => [
    label,
    `< ${limitMs}`,
    shown(measuredMs),
    met ? "met" : "missed",
  ]);
  return `Bars\n\n${table(["p99 ms", "bar", "ours", ""], rows)}`;
}

function renderNotes({ contenders }: Report): string {
  const lines = Object.values(contenders).flatMap(({ title, floods, failures }) => [
    ...floods.map(({ hashed, turnedAway }, round) => {
      return `- ${title}, flood of round ${round + 1}: ${hashed} passwords hashed and wrong, ${turnedAway} turned away with 429`;
    }),
    ...failures.map(({ round, error }) => {
      return `- ${title} FAILED in round ${round + 1}: ${error.replace(/\s+/g, " ").slice(0, ERROR_CHARS_MAX)}`;
    }),
  ]);
  return lines.length === 0 ? "" : `Notes\n\n${lines.join("\n")}`;
}
