// The options of `npm run bench -- console`, and how much of everything is done.

import { join } from "node:path";
import { numberOf, valuesOf } from "../options.ts";

const SECONDS_MAX = 3_600;
const PER_SECOND_MAX = 5_000;

export interface Scale {
  /** Changes of runs a second. */
  readonly updatesPerSecond: number;
  /** What is measured, and what comes before it: the page has all it will keep. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** The heap is collected and read this often. */
  readonly heapEverySeconds: number;
  readonly fsyncAppends: number;
}

export const fullScale: Scale = {
  updatesPerSecond: 1_000,
  seconds: 600,
  warmupSeconds: 60,
  heapEverySeconds: 60,
  fsyncAppends: 500,
};

export const quickScale: Scale = {
  updatesPerSecond: 1_000,
  seconds: 20,
  warmupSeconds: 20,
  heapEverySeconds: 10,
  fsyncAppends: 50,
};

export interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  /** Whether results are written to files. */
  readonly save: boolean;
  readonly scale: Scale;
  readonly dataFolder: string;
}

export const usage = `npm run bench -- console [options]
  --quick             under a minute: shows that it works, not how it lasts
  --seconds N         how long it is measured (default ${fullScale.seconds})
  --rate N            changes of runs a second (default ${fullScale.updatesPerSecond})
  --data DIR          where the data folder is made (default bench/.data)
  --json              print the JSON line alone
  --save              write bench/results although only a part is measured
Example: npm run bench -- console --seconds 120`;

const known = {
  quick: { type: "boolean" },
  json: { type: "boolean" },
  save: { type: "boolean" },
  seconds: { type: "string" },
  rate: { type: "string" },
  data: { type: "string" },
} as const;

/** Throws `UsageError` with a sentence. */
export function parseOptions(args: readonly string[]): Options {
  const values = valuesOf(args, known);
  const quick = values.quick === true;
  const base = quick ? quickScale : fullScale;
  const seconds = numberOf("--seconds", values.seconds, { min: base.heapEverySeconds, max: SECONDS_MAX });
  const rate = numberOf("--rate", values.rate, { min: 1, max: PER_SECOND_MAX });
  const partial = quick || seconds !== undefined || rate !== undefined;
  return {
    quick,
    json: values.json === true,
    save: values.save === true || !partial,
    scale: { ...base, seconds: seconds ?? base.seconds, updatesPerSecond: rate ?? base.updatesPerSecond },
    dataFolder: values.data ?? join(import.meta.dir, "../.data"),
  };
}
