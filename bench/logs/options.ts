// The options of `npm run bench -- logs`, and how much of everything is done.

import { join } from "node:path";
import { listOf, numberOf, UsageError, valuesOf } from "../options.ts";

const contenderNames = ["sluice", "files", "fts5", "duckdb"] as const;
export type ContenderName = (typeof contenderNames)[number];

export interface Scale {
  /** Of the corpus, about 225 bytes each. */
  readonly lines: number;
  /** Single messages over the WebSocket, acknowledged one by one. */
  readonly singles: number;
  /** Seconds of the same at 5,000 a second, and of a tail at 50,000. */
  readonly pacedSeconds: number;
  readonly repeats: number;
}

export interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  /** Whether results are written to files. */
  readonly save: boolean;
  readonly contenders: readonly ContenderName[];
  readonly scale: Scale;
  readonly dataFolder: string;
}

const LINES_PER_MB = 4_440;
const MEGABYTES = { usual: 1_000, quick: 4, max: 20_000 };

export const usage = `npm run bench -- logs [options]
  --only A,B        these contenders: ${contenderNames.join(", ")}
  --megabytes N     of the corpus (default ${MEGABYTES.usual})
  --quick           a small corpus: shows that everything works, not how fast it is
  --data DIR        where the data is made (default bench/.data)
  --json            print the JSON line alone
  --save            write bench/results although only a part is measured
Example: npm run bench -- logs --only sluice,duckdb --megabytes 200`;

/** Throws `UsageError` with a sentence. */
export function parseOptions(args: readonly string[]): Options {
  const values = valuesOf(args, {
    only: { type: "string" },
    megabytes: { type: "string" },
    quick: { type: "boolean" },
    data: { type: "string" },
    json: { type: "boolean" },
    save: { type: "boolean" },
  } as const);
  const quick = values.quick === true;
  const given = numberOf("--megabytes", values.megabytes, { min: 1, max: MEGABYTES.max });
  const megabytes = given ?? (quick ? MEGABYTES.quick : MEGABYTES.usual);
  const wanted = listOf(values.only);
  const unknown = wanted.find((name) => !contenderNames.some((known) => known === name));
  if (unknown !== undefined) {
    throw new UsageError(`There is no contender ${unknown}; known are ${contenderNames.join(", ")}`);
  }
  const contenders = contenderNames.filter((name) => wanted.length === 0 || wanted.includes(name));
  return {
    quick,
    json: values.json === true,
    save: values.save === true || (!quick && wanted.length === 0 && given === undefined),
    contenders,
    scale: {
      lines: megabytes * LINES_PER_MB,
      singles: quick ? 2_000 : 300_000,
      pacedSeconds: quick ? 1 : 20,
      repeats: quick ? 2 : 9,
    },
    dataFolder: values.data ?? join(import.meta.dir, "../.data"),
  };
}
