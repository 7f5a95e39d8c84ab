// The options of `npm run bench -- workflow`.

import { join } from "node:path";
import { listOf, numberOf, UsageError, valuesOf } from "../options.ts";
import { type CaseName, type ContenderSpec, selectContenders } from "./contender.ts";
import { caseNames } from "./metrics.ts";
import { fullScale, quickScale, type Scale } from "./scale.ts";

/** What a whole run is saved as. */
export const WHOLE_NAME = "workflow";
const ROUNDS_DEFAULT = 3;
const ROUNDS_MAX = 50;
const IDLE_SECONDS_MAX = 600;

export interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  /** Name of the files of bench/results that the results are written to; undefined for none. */
  readonly saveAs: string | undefined;
  readonly rounds: number;
  readonly contenders: readonly ContenderSpec[];
  readonly cases: readonly CaseName[];
  readonly scale: Scale;
  /** Where the contenders' data is; absolute or from the current folder. */
  readonly dataFolder: string;
}

export const usage = `npm run bench -- workflow [options]
  --quick             small counts, one round: shows that every contender works, not how fast it is
  --only A,B          these contenders; "dbos" means all whose name begins with "dbos-"
  --cases A,B         these cases: ${caseNames.join(", ")}
  --rounds N          rounds, the order reversed in every second one (default ${ROUNDS_DEFAULT})
  --idle-seconds N    how long a server idles before its memory is read (default ${fullScale.idleMs / 1000})
  --data DIR          where the data folders are made (default bench/.data)
  --json              print the JSON line alone
  --save              write bench/results although only a part is measured
  --save-as NAME      write a part to bench/results/NAME.json and NAME.md
Example: npm run bench -- workflow --only sluice,restate --cases steps3,throughput`;

const known = {
  quick: { type: "boolean" },
  json: { type: "boolean" },
  save: { type: "boolean" },
  "save-as": { type: "string" },
  only: { type: "string" },
  cases: { type: "string" },
  rounds: { type: "string" },
  "idle-seconds": { type: "string" },
  data: { type: "string" },
} as const;

/** Throws `UsageError` with a sentence. */
export function parseOptions(args: readonly string[]): Options {
  const values = valuesOf(args, known);
  const quick = values.quick === true;
  const only = listOf(values.only);
  const cases = listOf(values.cases);
  const partial = quick || only.length > 0 || cases.length > 0;
  const base = quick ? quickScale : fullScale;
  const idleSeconds = numberOf("--idle-seconds", values["idle-seconds"], { min: 0, max: IDLE_SECONDS_MAX });
  return {
    quick,
    json: values.json === true,
    saveAs: saveNameOf(values["save-as"]) ?? (values.save === true || !partial ? WHOLE_NAME : undefined),
    rounds: numberOf("--rounds", values.rounds, { min: 1, max: ROUNDS_MAX }) ?? (quick ? 1 : ROUNDS_DEFAULT),
    contenders: chosenContenders(only),
    cases: cases.length === 0 ? caseNames : cases.map(caseOf),
    scale: idleSeconds === undefined ? base : { ...base, idleMs: idleSeconds * 1000 },
    dataFolder: values.data ?? join(import.meta.dir, "../.data"),
  };
}

function saveNameOf(given: string | undefined): string | undefined {
  if (given === undefined || /^[a-z][a-z0-9-]*$/.test(given)) return given;
  throw new UsageError(`--save-as takes a name of small letters, digits and dashes, not "${given}"`);
}

function chosenContenders(only: readonly string[]): readonly ContenderSpec[] {
  try {
    return selectContenders(only);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function caseOf(name: string): CaseName {
  const found = caseNames.find((each) => each === name);
  if (found === undefined) throw new UsageError(`There is no case ${name}; known are ${caseNames.join(", ")}`);
  return found;
}
