// What is shown and kept of a run of the suite: tables for people, one object for programs.

import { type Head, headOf } from "../head.ts";
import { shown } from "../statistics.ts";
import { table } from "../table.ts";
import { type BarResult, judge } from "./bars.ts";
import type { CaseName } from "./contender.ts";
import { metricNames, metrics } from "./metrics.ts";
import { peerVersions } from "./peers.ts";
import type { Scale } from "./scale.ts";
import type { Failure, Outcomes } from "./tally.ts";

const ERROR_CHARS_MAX = 600;

export interface Report extends Head {
  readonly suite: "workflow";
  readonly cases: readonly CaseName[];
  readonly scale: Scale;
  readonly peers: Readonly<Record<string, string>>;
  readonly contenders: Outcomes;
  readonly bars: readonly BarResult[];
}

export function reportOf(given: Omit<Report, "suite" | "peers" | "bars">): Report {
  return { suite: "workflow", ...given, peers: peerVersions, bars: judge(given.contenders) };
}

/** The report as Markdown that also reads well in a terminal. */
export function renderReport(report: Report): string {
  return [...headOf(report), renderFigures(report), renderBars(report.bars), renderNotes(report)]
    .filter((part) => part !== "")
    .join("\n\n");
}

function renderFigures({ contenders, cases }: Report): string {
  const names = Object.keys(contenders);
  const chosen = metricNames.filter((name) => cases.includes(metrics[name].case));
  const rows = chosen.map((name) => {
    const cells = names.map((contender) => {
      const outcome = contenders[contender];
      const figure = outcome?.figures[name];
      if (figure !== undefined) return shown(figure.median);
      const failed = outcome?.failures.some((failure) => failure.case === metrics[name].case) === true;
      return failed ? "failed" : "–";
    });
    return [metrics[name].label, ...cells];
  });
  return table(["", ...names.map((name) => contenders[name]?.title ?? name)], rows);
}

function renderBars(bars: readonly BarResult[]): string {
  const measured = bars.filter((bar) => bar.measured !== null);
  if (measured.length === 0) return "";
  const rows = measured.map(({ label, kind, want, limit, measured: value, met }) => {
    const times = kind === "ratio" ? " ×" : "";
    const wanted = `${want === "under" ? "<" : "≥"} ${limit.toLocaleString("en-US")}${times}`;
    return [label, wanted, `${shown(value ?? Number.NaN)}${times}`, met === true ? "met" : "missed"];
  });
  return `Bars (where an absolute one and a ratio disagree, the ratio binds)\n\n${table(["", "bar", "ours", ""], rows)}`;
}

function renderNotes({ contenders }: Report): string {
  const lines: string[] = [];
  for (const outcome of Object.values(contenders)) {
    const { title, durability, skipped, failures } = outcome;
    if (durability !== null) lines.push(`- ${title}: ${durability}`);
    for (const reason of new Set(Object.values(skipped))) lines.push(`- ${title}, no figure: ${reason}`);
    lines.push(...renderFailures(title, failures));
  }
  return lines.length === 0 ? "" : `Notes\n\n${lines.join("\n")}`;
}

/** One line for each error, however many cases it kept from being measured. */
function renderFailures(title: string, failures: readonly Failure[]): string[] {
  const errors = new Set(failures.map((failure) => failure.error));
  return Array.from(errors, (error) => {
    const same = failures.filter((failure) => failure.error === error);
    const where = [...new Set(same.map((failure) => failure.case))].join(", ");
    const rounds = [...new Set(same.map((failure) => failure.round + 1))].join(", ");
    const text = error.replace(/\s+/g, " ").slice(0, ERROR_CHARS_MAX);
    return `- ${title} FAILED at ${where} in round ${rounds}: ${text}`;
  });
}
