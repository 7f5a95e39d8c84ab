// Finding runs by a piece of their id, key or tag, and names by a piece of theirs: everything is looked at.
import { matchesAny, sees } from "../../kernel/patterns.ts";
import type { RunFinder, RunHit, RunSummary } from "../../kernel/run-search.ts";
import type { Events } from "./events.ts";
import type { RunRow } from "./rows.ts";
import { toRecord, type Runs } from "./runs.ts";
import type { State } from "./state.ts";

type Params<Verb extends keyof RunFinder> = Parameters<RunFinder[Verb]>[0];
type Answer<Verb extends keyof RunFinder> = Awaited<ReturnType<RunFinder[Verb]>>;

export function summaryOf(row: RunRow): RunSummary {
  const { id, workflow, status, reason, createdAt, startedAt, endedAt } = toRecord(row);
  return {
    id,
    workflow,
    status,
    createdAt,
    ...(reason === undefined ? {} : { reason }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
  };
}

export function searchRuns(runs: Runs, { text, limit, access }: Params<"searchRuns">): Answer<"searchRuns"> {
  if (text === "" || limit <= 0) return { hits: [], more: false };
  const newest = runs
    .all()
    .filter((row) => sees(access, row.record.workflow))
    .toReversed();
  const fitting = (of: (row: RunRow) => readonly string[], by: RunHit["by"]): Found[] =>
    newest.flatMap((row) =>
      of(row)
        .filter((value) => value.startsWith(text))
        .map((value) => ({ row, by, value })),
    );
  const ids = fitting(({ record }) => [record.id], "id").toSorted((a, b) => compare(b.value, a.value));
  const keys = fitting(({ record }) => (record.key === undefined ? [] : [record.key]), "key").toSorted(
    (a, b) => compare(a.value, b.value) || compare(a.row.record.id, b.row.record.id),
  );
  const tags = fitting(({ record }) => [...new Set(record.tags)], "tag").toSorted((a, b) => compare(a.value, b.value));
  const all = [ids, keys, tags];
  const hits = new Map<string, RunHit>();
  for (const named of [true, false]) {
    for (const { row, by, value } of all.flat()) {
      const { id } = row.record;
      if ((value === text) === named && !hits.has(id)) hits.set(id, { run: summaryOf(row), by, value });
    }
  }
  return { hits: [...hits.values()].slice(0, limit), more: hits.size > limit };
}

interface Found {
  readonly row: RunRow;
  readonly by: RunHit["by"];
  readonly value: string;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function searchEventNames(events: Events, p: Params<"searchEventNames">): Answer<"searchEventNames"> {
  const wanted = p.text.toLowerCase();
  const names = [...new Set(events.all().map(({ name }) => name))]
    .filter((name) => name.toLowerCase().includes(wanted) && matchesAny(p.names, name))
    .toSorted();
  return { names: names.slice(0, p.limit), more: names.length > p.limit };
}

export function searchStateKeys(state: State, p: Params<"searchStateKeys">): Answer<"searchStateKeys"> {
  const shown = (scope: string): boolean =>
    scope === "global" || (scope.startsWith("workflow:") && sees(p.access, scope.slice("workflow:".length)));
  const keys = state
    .all()
    .filter(({ scope, key, expiresAt }) => {
      const over = expiresAt !== undefined && expiresAt <= p.now;
      return !over && key.startsWith(p.text) && matchesAny(p.keys, key) && shown(scope);
    })
    .map(({ scope, key }) => ({ scope, key }))
    .toSorted((a, b) => compare(a.scope, b.scope) || compare(a.key, b.key));
  return { keys: keys.slice(0, p.limit), more: keys.length > p.limit };
}
