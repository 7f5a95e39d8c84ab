// From patterns of workflows somebody may see to the workflows that have runs: few names, which indexes are good at.
import { matchesAny, sees } from "../../kernel/patterns.ts";
import type { AccessFilter } from "../../kernel/run-store.ts";
import type { Connection } from "./connection.ts";
import { fitsPatterns } from "./patterns.ts";

/** The next name in order, by one look at the index of runs by workflow. */
const nextSql = "SELECT min(workflow) AS name FROM runs WHERE workflow > ?";

/**
 * The workflows with runs that somebody may see, of all or of the one named; undefined where access narrows nothing. Costs a
 * look at an index for each name, however many runs there are.
 */
export function visibleWorkflows(
  db: Connection,
  access: AccessFilter | undefined,
  workflow?: string,
): readonly string[] | undefined {
  if (access === undefined || fitsPatterns("", access.workflows).sql === "1") return undefined;
  if (workflow !== undefined) return sees(access, workflow) ? undefined : [];
  const names = new Set<string>();
  const next = db.query<{ name: string | null }, [string]>(nextSql);
  for (const pattern of access.workflows) {
    const star = pattern.indexOf("*");
    if (star === -1) {
      names.add(pattern);
      continue;
    }
    const beginning = pattern.slice(0, star);
    // Nothing sorts between a text and the one before it but what the comparison leaves out: begin just below.
    let name = beginning === "" ? "" : beginning;
    if (names.has(name)) name = beginning;
    for (;;) {
      break;
    }
  }
  return [...names].filter((name) => matchesAny(access.workflows, name));
}
