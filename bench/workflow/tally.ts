// Gathers what the driving processes say, round by round, and makes one figure of each metric: the median of the rounds.

import { median } from "../statistics.ts";
import type { CaseName, ContenderSpec } from "./contender.ts";
import type { Message } from "./job.ts";
import { type MetricName, metricNames, metrics } from "./metrics.ts";

const DIGITS = 6;

interface Figure {
  readonly median: number;
  /** The figure of each round. */
  readonly rounds: readonly number[];
}

export interface Failure {
  readonly round: number;
  readonly case: CaseName;
  readonly error: string;
}

/** What became of one contender. */
interface Outcome {
  readonly title: string;
  readonly durability: string | null;
  readonly figures: Readonly<Partial<Record<MetricName, Figure>>>;
  /** Why there is no figure, by metric. */
  readonly skipped: Readonly<Partial<Record<MetricName, string>>>;
  readonly failures: readonly Failure[];
}

export type Outcomes = Readonly<Record<string, Outcome>>;

interface Entry {
  readonly spec: ContenderSpec;
  durability: string | null;
  readonly figures: Map<MetricName, number[]>;
  readonly skipped: Map<MetricName, string>;
  readonly failures: Failure[];
}

export class Tally {
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #samples: Record<string, Partial<Record<MetricName, number[][]>>> = {};

  constructor(specs: readonly ContenderSpec[], cases: readonly CaseName[]) {
    const entryOf = (spec: ContenderSpec): Entry => {
      const noted = metricNames.flatMap((name) => {
        const note = cases.includes(metrics[name].case) ? spec.notes[metrics[name].case] : undefined;
        return note === undefined ? [] : [[name, note] as const];
      });
      return { spec, durability: null, figures: new Map(), skipped: new Map(noted), failures: [] };
    };
    this.#entries = new Map(specs.map((spec) => [spec.name, entryOf(spec)]));
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new Error(`${name} takes no part`);
    return entry;
  }

  add(name: string, round: number, messages: readonly Message[]): void {
    const entry = this.#entry(name);
    for (const message of messages) {
      if (message.type === "figure") {
        entry.figures.set(message.metric, [...(entry.figures.get(message.metric) ?? []), message.value]);
        if (message.samples !== undefined) this.#keep(name, message.metric, message.samples);
      } else if (message.type === "skip")
        for (const metric of message.metrics) entry.skipped.set(metric, message.reason);
      else if (message.type === "durability") entry.durability = message.text;
      else if (message.type === "failed") this.fail(name, { round, case: message.case, error: message.error });
    }
  }

  #keep(name: string, metric: MetricName, samples: readonly number[]): void {
    const own = (this.#samples[name] ??= {});
    (own[metric] ??= []).push([...samples]);
  }

  fail(name: string, failure: Failure): void {
    this.#entry(name).failures.push(failure);
  }

  get failed(): boolean {
    return [...this.#entries.values()].some((entry) => entry.failures.length > 0);
  }

  /** Every value that a figure was made of: by contender, metric and round. */
  get samples(): Readonly<Record<string, Partial<Record<MetricName, number[][]>>>> {
    return this.#samples;
  }

  outcomes(): Outcomes {
    return Object.fromEntries([...this.#entries].map(([name, entry]) => [name, outcomeOf(entry)]));
  }
}

function outcomeOf(entry: Entry): Outcome {
  const figures = [...entry.figures].map(
    ([name, rounds]) => [name, { median: rounded(median(rounds)), rounds: rounds.map(rounded) }] as const,
  );
  return {
    title: entry.spec.title,
    durability: entry.durability,
    figures: Object.fromEntries(figures),
    skipped: Object.fromEntries(entry.skipped),
    failures: entry.failures,
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
