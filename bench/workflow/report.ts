// What is shown and kept of a run of the suite: tables for people, one object for programs.

import type { Machine } from "../machine.ts";
import { type Summary, shown } from "../statistics.ts";
import { type BarResult, judge } from "./bars.ts";
import type { CaseName } from "./contender.ts";
import { metricNames, metrics } from "./metrics.ts";
import { peerVersions } from "./peers.ts";
import type { Scale } from "./scale.ts";
import type { Failure, Outcomes } from "./tally.ts";

const ERROR_CHARS_MAX = 600;

export interface Report {
  readonly suite: "workflow";
  readonly date: string;
  readonly command: string;
  readonly quick: boolean;
  readonly rounds: number;
  readonly cases: readonly CaseName[];
  readonly scale: Scale;
  readonly machine: Machine;
  /** Milliseconds of a 4 KiB append with fdatasync, in the folder of the data; median of the rounds. */
  readonly fsync: Pick<Summary, "p50" | "p99">;
  readonly dataInMemory: boolean;
  readonly peers: Readonly<Record<string, string>>;
  readonly contenders: Outcomes;
  readonly bars: readonly BarResult[];
}

export function reportOf(given: Omit<Report, "suite" | "peers" | "bars">): Report {
  return { suite: "workflow", ...given, peers: peerVersions, bars: judge(given.contenders) };
}

/** The report as Markdown that also reads well in a terminal. */
export function renderReport(report: Report): string {
  const { machine, fsync } = report;
  const storage = report.dataInMemory ? " — **the data folder is in memory: these figures are not durable**" : "";
  const counts = `${report.rounds} round${report.rounds === 1 ? "" : "s"}, medians${report.quick ? "; --quick: not fit for comparison" : ""}`;
  return [
    `${report.date} · ${machine.cores} cores, ${machine.cpu}, ${machine.memoryGb} GB · ${machine.system} · Bun ${machine.bun}`,
    `fdatasync of a 4 KiB append: p50 ${shown(fsync.p50)} ms, p99 ${shown(fsync.p99)} ms${storage}`,
    `${counts} · \`${report.command}\``,
    renderFigures(report),
    renderBars(report.bars),
    renderNotes(report),
  ]
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

/** A Markdown table with its columns aligned: words to the left, figures to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(3, cell.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string => {
    const cells = widths.map((width, column) => {
      const cell = row[column] ?? "";
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${cells.join(" | ")} |`;
  };
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(head), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}
