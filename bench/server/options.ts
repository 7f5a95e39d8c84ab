// The options of `npm run bench -- server`, and how much of everything is done.

import { join } from "node:path";
import { listOf, numberOf, UsageError, valuesOf } from "../options.ts";
import { contenders, type ContenderSpec, type LoadName, loadNames } from "./contender.ts";

const ROUNDS_DEFAULT = 3;
const ROUNDS_MAX = 50;
const SECONDS_MAX = 600;
const PER_SECOND_MAX = 20_000;

export interface Scale {
  /** Runs that are listed. */
  readonly runs: number;
  readonly perSecond: number;
  /** How long each load lasts, and what comes before the first. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly floodPerSecond: number;
  readonly fsyncAppends: number;
}

export const fullScale: Scale = {
  runs: 5_000,
  perSecond: 2_000,
  seconds: 5,
  warmupSeconds: 2,
  floodPerSecond: 200,
  fsyncAppends: 500,
};

export const quickScale: Scale = {
  runs: 50,
  perSecond: 200,
  seconds: 0.3,
  warmupSeconds: 0.1,
  floodPerSecond: 200,
  fsyncAppends: 50,
};

export interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  /** Whether results are written to files. */
  readonly save: boolean;
  readonly rounds: number;
  readonly contenders: readonly ContenderSpec[];
  readonly loads: readonly LoadName[];
  readonly scale: Scale;
  /** Where the contenders' data is; absolute or from the current folder. */
  readonly dataFolder: string;
}

export const usage = `npm run bench -- server [options]
  --quick             small counts, one round: shows that every contender works, not how fast it is
  --only A,B          these contenders: ${contenders.map(({ name }) => name).join(", ")}
  --cases A,B         these cases: ${loadNames.join(", ")}
  --rounds N          rounds, the order reversed in every second one (default ${ROUNDS_DEFAULT})
  --seconds N         how long each load lasts (default ${fullScale.seconds})
  --rate N            requests a second (default ${fullScale.perSecond})
  --data DIR          where the data folders are made (default bench/.data)
  --json              print the JSON line alone
  --save              write bench/results although only a part is measured
Example: npm run bench -- server --only sluice --cases mixed,flood --rounds 5`;

const known = {
  quick: { type: "boolean" },
  json: { type: "boolean" },
  save: { type: "boolean" },
  only: { type: "string" },
  cases: { type: "string" },
  rounds: { type: "string" },
  seconds: { type: "string" },
  rate: { type: "string" },
  data: { type: "string" },
} as const;

/** Throws `UsageError` with a sentence. */
export function parseOptions(args: readonly string[]): Options {
  const values = valuesOf(args, known);
  const quick = values.quick === true;
  const only = listOf(values.only);
  const cases = listOf(values.cases);
  const base = quick ? quickScale : fullScale;
  const seconds = numberOf("--seconds", values.seconds, { min: 1, max: SECONDS_MAX });
  const perSecond = numberOf("--rate", values.rate, { min: 1, max: PER_SECOND_MAX });
  const partial = quick || only.length > 0 || cases.length > 0 || seconds !== undefined || perSecond !== undefined;
  return {
    quick,
    json: values.json === true,
    save: values.save === true || !partial,
    rounds: numberOf("--rounds", values.rounds, { min: 1, max: ROUNDS_MAX }) ?? (quick ? 1 : ROUNDS_DEFAULT),
    contenders: only.length === 0 ? contenders : only.map((name) => chosen("contender", name, contenders)),
    loads: cases.length === 0 ? loadNames : cases.map((name) => chosen("case", name, namedLoads).name),
    scale: { ...base, seconds: seconds ?? base.seconds, perSecond: perSecond ?? base.perSecond },
    dataFolder: values.data ?? join(import.meta.dir, "../.data"),
  };
}

const namedLoads = loadNames.map((name) => ({ name }));

function chosen<T extends { readonly name: string }>(noun: string, name: string, all: readonly T[]): T {
  const found = all.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new UsageError(`There is no ${noun} ${name}; known are ${all.map((each) => each.name).join(", ")}`);
}
