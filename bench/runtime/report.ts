// What is kept and shown of the measured runtimes: medians of the rounds, ratios to Node, and the claims of the documents.

import { type Head, headOf } from "../head.ts";
import { median, shown } from "../statistics.ts";
import { table } from "../table.ts";
import { type FigureName, figureNames, type Figures, figureSpecs, timesBetter } from "./figures.ts";
import type { ContenderName, Scale } from "./options.ts";
import type { Measured } from "./round.ts";

/** A claim of docs/runtime.md. */
export interface Claim {
  readonly figure: FigureName;
  /** Times better than Node. */
  readonly atLeast: number;
}

interface JudgedClaim extends Claim {
  /** Null when it was not measured. */
  readonly measured: number | null;
  readonly holds: boolean;
}

export interface Outcome {
  readonly version: string;
  /** Medians. */
  readonly figures: Figures;
  readonly rounds: readonly Figures[];
  readonly failures: readonly { readonly round: number; readonly error: string }[];
}

export interface Report extends Head, Figures {
  readonly suite: "runtime";
  readonly scale: Scale;
  readonly runtimes: Readonly<Partial<Record<ContenderName, Outcome>>>;
  /** How many times better than Node, by runtime. */
  readonly ratios: Readonly<Partial<Record<ContenderName, Figures>>>;
  readonly claims: readonly JudgedClaim[];
}

/** Collects the rounds of one runtime. */
export class Tally {
  readonly name: ContenderName;
  readonly measured: Measured[] = [];
  readonly failures: { round: number; error: string }[] = [];

  constructor(name: ContenderName) {
    this.name = name;
  }

  outcome(): Outcome {
    const rounds = this.measured.map(({ figures }) => figures);
    const figures: Figures = {};
    for (const name of figureNames) {
      const values = rounds.flatMap((round) => round[name] ?? []);
      if (values.length > 0) figures[name] = median(values);
    }
    return { version: this.measured[0]?.version ?? "", figures, rounds, failures: this.failures };
  }
}

/** The claims between their marks in the document; throws when a row is none. */
export function claimsOf(markdown: string): readonly Claim[] {
  const [, part = ""] = /<!-- claims:begin -->([\s\S]*)<!-- claims:end -->/.exec(markdown) ?? [];
  const rows = part.split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((row) => {
    const [, name = "", times = ""] = /^\| `(\w+)` \| ([\d.]+) times Node \|$/.exec(row) ?? [];
    const figure = figureNames.find((each) => each === name);
    if (figure === undefined) throw new Error(`No claim about a figure: ${row}`);
    return { figure, atLeast: Number(times) };
  });
}

type Given = Head & Pick<Report, "scale">;

/** With the figures of a runtime that stands alone at the first level. */
export function reportOf(given: Given, tallies: readonly Tally[], claims: readonly Claim[]): Report {
  const runtimes = Object.fromEntries(tallies.map((tally) => [tally.name, tally.outcome()])) as Report["runtimes"];
  const ratios = Object.fromEntries(
    tallies.filter(({ name }) => name !== "node").map(({ name }) => [name, ratiosOf(runtimes[name], runtimes.node)]),
  );
  const judged = claims.map(({ figure, atLeast }) => {
    const measured = ratios["bun"]?.[figure] ?? null;
    return { figure, atLeast, measured, holds: measured !== null && measured >= atLeast };
  });
  const [first] = tallies;
  const alone = tallies.length === 1 && first !== undefined ? runtimes[first.name]?.figures : {};
  return { suite: "runtime", ...given, ...alone, runtimes, ratios, claims: judged };
}

function ratiosOf(of: Outcome | undefined, node: Outcome | undefined): Figures {
  const ratios: Figures = {};
  for (const name of figureNames) {
    const [mine, theirs] = [of?.figures[name], node?.figures[name]];
    if (mine !== undefined && theirs !== undefined) ratios[name] = timesBetter(name, mine, theirs);
  }
  return ratios;
}

/** 1 when a runtime could not be measured, or a claim does not hold. A quick run's figures say nothing about claims. */
export function exitCodeOf({ quick, runtimes, claims }: Report): 0 | 1 {
  const failed = Object.values(runtimes).some(({ failures }) => failures.length > 0);
  return failed || (!quick && claims.some(({ holds }) => !holds)) ? 1 : 0;
}

/** For people. */
export function renderReport(report: Report): string {
  const names = Object.keys(report.runtimes) as ContenderName[];
  const head = ["figure", ...names.map((name) => `${name} ${report.runtimes[name]?.version ?? ""}`)];
  const compared = names.filter((name) => Object.keys(report.ratios[name] ?? {}).length > 0);
  const rows = figureNames.map((figure) => [
    figureSpecs[figure].label,
    ...names.map((name) => shown(report.runtimes[name]?.figures[figure] ?? Number.NaN)),
    ...compared.map((name) => timesOf(report.ratios[name]?.[figure])),
  ]);
  const parts = [...headOf(report), table([...head, ...compared.map((name) => `${name} : node`)], rows)];
  if (report.claims.length > 0)
    parts.push(
      table(
        ["claim: Bun to Node", "at least", "measured", "holds"],
        report.claims.map(({ figure, atLeast, measured, holds }) => [
          figure,
          timesOf(atLeast),
          timesOf(measured ?? undefined),
          holds ? "yes" : "NO",
        ]),
      ),
    );
  for (const name of names)
    for (const { round, error } of report.runtimes[name]?.failures ?? [])
      parts.push(`${name} FAILED in round ${round + 1}: ${error}`);
  return parts.join("\n\n");
}

function timesOf(ratio: number | undefined): string {
  return ratio === undefined ? "–" : `${shown(ratio)}×`;
}
