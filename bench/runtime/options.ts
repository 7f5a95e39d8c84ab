// The options of `npm run bench -- runtime`, and how much of everything is done.

import { join } from "node:path";
import { numberOf, UsageError, valuesOf } from "../options.ts";

const ROUNDS_DEFAULT = 3;
const ROUNDS_MAX = 50;
const MIB = 1024 * 1024;

const contenderNames = ["bun", "node", "deno"] as const;
export type ContenderName = (typeof contenderNames)[number];

/** Counts for one round; handed to the program that measures. */
export interface Scale {
  readonly httpRequests: number;
  readonly httpConnections: number;
  readonly sqliteReads: number;
  readonly sqliteWrites: number;
  /** Of 1,000 rows each. */
  readonly sqliteTransactions: number;
  readonly spawns: number;
  readonly starts: number;
  readonly builds: number;
  readonly hashBytes: number;
  /** Of the file that is read plainly and mapped. */
  readonly fileBytes: number;
  readonly fsyncAppends: number;
}

const fullScale: Scale = {
  httpRequests: 40_000,
  httpConnections: 32,
  sqliteReads: 200_000,
  sqliteWrites: 20_000,
  sqliteTransactions: 200,
  spawns: 200,
  starts: 20,
  builds: 7,
  hashBytes: 512 * MIB,
  fileBytes: 1024 * MIB,
  fsyncAppends: 500,
};

const quickScale: Scale = {
  httpRequests: 300,
  httpConnections: 8,
  sqliteReads: 500,
  sqliteWrites: 100,
  sqliteTransactions: 2,
  spawns: 5,
  starts: 2,
  builds: 1,
  hashBytes: 4 * MIB,
  fileBytes: 16 * MIB,
  fsyncAppends: 50,
};

export interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  /** Whether results are written to files. */
  readonly save: boolean;
  /** Whether ratios to Node are printed, and the claims of the documents held against them. */
  readonly compare: boolean;
  readonly rounds: number;
  readonly contenders: readonly ContenderName[];
  readonly scale: Scale;
  /** Where the data is; absolute or from the current folder. */
  readonly dataFolder: string;
}

export const usage = `npm run bench -- runtime [options]
  --runtime NAME      this one alone: ${contenderNames.join(", ")}
  --compare           ratios to Node, and whether the claims of docs/runtime.md hold (always, unless one runtime is chosen)
  --quick             small counts, one round: shows that everything works, not how fast it is
  --rounds N          rounds, the order reversed in every second one (default ${ROUNDS_DEFAULT})
  --data DIR          where the data is made (default bench/.data)
  --json              print the JSON line alone
  --save              write bench/results although only a part is measured
Example: npm run bench -- runtime --runtime bun --rounds 5`;

const known = {
  runtime: { type: "string" },
  compare: { type: "boolean" },
  quick: { type: "boolean" },
  rounds: { type: "string" },
  data: { type: "string" },
  json: { type: "boolean" },
  save: { type: "boolean" },
} as const;

/** Throws `UsageError` with a sentence. */
export function parseOptions(args: readonly string[]): Options {
  const values = valuesOf(args, known);
  const quick = values.quick === true;
  const chosen = values.runtime === undefined ? undefined : contenderOf(values.runtime);
  const compare = values.compare === true || chosen === undefined;
  // Ratios need both of what they compare.
  const some = new Set([chosen ?? "bun", ...(compare ? (["bun", "node"] as const) : [])]);
  return {
    quick,
    json: values.json === true,
    save: values.save === true || (!quick && chosen === undefined),
    compare,
    rounds: numberOf("--rounds", values.rounds, { min: 1, max: ROUNDS_MAX }) ?? (quick ? 1 : ROUNDS_DEFAULT),
    contenders: chosen === undefined ? contenderNames : contenderNames.filter((name) => some.has(name)),
    scale: quick ? quickScale : fullScale,
    dataFolder: values.data ?? join(import.meta.dir, "../.data"),
  };
}

function contenderOf(name: string): ContenderName {
  const found = contenderNames.find((each) => each === name);
  if (found === undefined) throw new UsageError(`There is no runtime ${name}; known are ${contenderNames.join(", ")}`);
  return found;
}
