// The rows of the list of workflows: what is deployed joined with its figures, narrowed and in order. Pure.
import { healths, triggerKinds } from "./words.ts";
import type { Health, ListedWorkflow, Stats, TriggerKind, WorkflowOrder } from "./words.ts";

export interface WorkflowRow {
  readonly name: string;
  readonly description: string | null;
  readonly triggers: readonly TriggerKind[];
  /** False: only runs of it are left. */
  readonly deployed: boolean;
  /** Undefined while they are not known. */
  readonly stats: Stats | undefined;
}

export interface WorkflowSearch {
  readonly q?: string | undefined;
  readonly health?: readonly Health[] | undefined;
  readonly trigger?: readonly TriggerKind[] | undefined;
  readonly sort?: WorkflowOrder | undefined;
}

/** Every workflow that is deployed, and every other one that has figures. */
export function joined(workflows: readonly ListedWorkflow[], stats: readonly Stats[]): readonly WorkflowRow[] {
  const byName = new Map(stats.map((each) => [each.workflow, each]));
  const rows = workflows.map(({ name, description, triggers }): WorkflowRow => {
    const kinds: ReadonlySet<string> = new Set(
      triggers.map((trigger) => (trigger.type === "other" ? trigger.kind : trigger.type)),
    );
    const found = triggerKinds.filter((kind) => kinds.has(kind));
    return { name, description, triggers: found, deployed: true, stats: byName.get(name) };
  });
  const deployed = new Set(rows.map(({ name }) => name));
  const left = stats.filter(({ workflow }) => !deployed.has(workflow));
  return [
    ...rows,
    ...left.map((each) => ({ name: each.workflow, description: null, triggers: [], deployed: false, stats: each })),
  ];
}

export function runsOf(stats: Stats): number {
  return stats.hours.reduce((sum, { started }) => sum + started, 0);
}

const orders: Readonly<Record<WorkflowOrder, (row: WorkflowRow) => number>> = {
  name: () => 0,
  "last-run": ({ stats }) => stats?.lastRunAt ?? 0,
  runs: ({ stats }) => (stats === undefined ? 0 : runsOf(stats)),
  failures: ({ stats }) => stats?.day.failed ?? 0,
  unfinished: ({ stats }) => stats?.unfinished ?? 0,
  p95: ({ stats }) => stats?.day.p95Ms ?? 0,
};

/** The rows that fit, in the order asked for; the same figure goes by name. */
export function chosen(rows: readonly WorkflowRow[], search: WorkflowSearch): readonly WorkflowRow[] {
  const words = (search.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const { health = healths, trigger } = search;
  const fits = (row: WorkflowRow) => {
    const text = `${row.name} ${row.description ?? ""}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) return false;
    if (search.health !== undefined && !health.includes(row.stats?.health ?? "idle")) return false;
    const kinds: readonly TriggerKind[] = row.triggers.length === 0 ? ["none"] : row.triggers;
    return trigger === undefined || kinds.some((kind) => trigger.includes(kind));
  };
  const figure = orders[search.sort ?? "name"];
  return rows.filter(fits).toSorted((a, b) => figure(b) - figure(a) || (a.name < b.name ? -1 : 1));
}
