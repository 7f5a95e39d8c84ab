// What of a log query can be looked for in columns, before any entry is taken out of them.
import type { Filter } from "../ast.ts";
import type { LogQuery, Stage } from "./ast.ts";

export interface LogPlan {
  /** What entries have to fit to be looked at. */
  readonly filter: Filter;
  /** What is left to be done with each. */
  readonly stages: readonly Stage[];
}

/** Texts that a line has to have are looked for in columns: also in fields there, so that the stage itself stays. */
export function planOf({ matchers, stages }: LogQuery): LogPlan {
  const filters: Filter[] = [{ kind: "stream", matchers }];
  for (const stage of stages) {
    // Behind anything that changes the line its texts are not those that are stored.
    if (stage.kind !== "line") break;
    const [text, ...more] = stage.texts;
    if (stage.op === "|=" && text !== undefined && more.length === 0 && text !== "")
      filters.push({ kind: "text", text });
  }
  return { filter: { kind: "and", of: filters }, stages };
}
