// From patterns of workflows somebody may see to the workflows that have runs: few names, which indexes are good at.
import { matchesPattern, sees } from "../../kernel/patterns.ts";
import type { AccessFilter } from "../../kernel/run-store.ts";
import type { Connection, Statement } from "./connection.ts";
import { beginningOf } from "./patterns.ts";

/** The first name that is not below a text: one look at the index of runs by workflow. */
const firstSql = "SELECT workflow AS name FROM runs WHERE workflow >= ? ORDER BY workflow LIMIT 1";

/**
 * The workflows with runs that somebody may see, or undefined where access narrows nothing, be it because of the one workflow
 * that is asked for. Costs a look at an index for each name, however many runs there are.
 */
export function visibleWorkflows(
  db: Connection,
  access: AccessFilter | undefined,
  asked?: string,
): readonly string[] | undefined {
  if (access === undefined || access.workflows.includes("*")) return undefined;
  if (asked !== undefined) return sees(access, asked) ? undefined : [];
  const names = new Set<string>();
  const first = db.prepare<{ name: string }>(firstSql);
  try {
    for (const pattern of access.workflows) {
      const beginning = beginningOf(pattern);
      if (beginning === pattern) names.add(pattern);
      else for (const name of namesFrom(first, beginning)) if (matchesPattern(pattern, name)) names.add(name);
    }
  } finally {
    first.finalize();
  }
  return [...names];
}

/** The names with a beginning, in order. */
function* namesFrom(first: Statement<{ name: string }>, beginning: string): Generator<string> {
  let name = first.get(beginning)?.name;
  while (name?.startsWith(beginning) === true) {
    yield name;
    // What comes next in order of bytes.
    name = first.get(`${name}\0`)?.name;
  }
}
