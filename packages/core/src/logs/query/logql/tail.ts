// A log query of LogQL over entries as they are committed, one by one.
import type { StoredEntry } from "../../entry.ts";
import type { Filter } from "../ast.ts";
import { StagedEntry } from "./entry.ts";
import { LogQlError } from "./logql-error.ts";
import { parseLogQl } from "./parse.ts";
import { planOf } from "./plan.ts";
import { compileStages } from "./stages.ts";

export interface LogQlTail {
  /** What an entry has to fit to be looked at. */
  readonly filter: Filter;
  /** What becomes of it; undefined where it does not fit. */
  readonly show: (
    entry: StoredEntry,
  ) => { readonly labels: Readonly<Record<string, string>>; readonly line: string } | undefined;
}

/** Throws `QueryError` and `LogQlError`, the latter for what are values. */
export function logQlTail(text: string): LogQlTail {
  const expression = parseLogQl(text);
  if (expression.kind !== "log") throw new LogQlError("only log queries can be followed");
  const { filter, stages } = planOf(expression);
  const run = compileStages(stages);
  return {
    filter,
    show: (entry) => {
      const staged = new StagedEntry(entry);
      if (!run(staged)) return undefined;
      return { labels: Object.fromEntries(staged.labels()), line: staged.line };
    },
  };
}
