// The versions of the code that were ever deployed, and what they said last about the retention of each workflow.
import { sees } from "../../kernel/patterns.ts";
import type { AccessFilter, RetentionRecord, VersionRecord } from "../../kernel/run-store.ts";
import { isFinal, type Runs } from "./runs.ts";

export class Versions {
  readonly #byVersion = new Map<string, VersionRecord>();
  readonly #retentions = new Map<string, RetentionRecord>();

  /** A version that is known keeps the time it was first seen. */
  put(version: VersionRecord, retentions: readonly RetentionRecord[]): void {
    for (const retention of retentions) this.#retentions.set(retention.workflow, retention);
    const known = this.#byVersion.get(version.version);
    this.#byVersion.set(version.version, { ...version, createdAt: known?.createdAt ?? version.createdAt });
  }

  retentionOf(workflow: string): RetentionRecord {
    return this.#retentions.get(workflow) ?? { workflow };
  }

  /** In the order in which they were first seen. */
  list(): readonly VersionRecord[] {
    return [...this.#byVersion.values()].toSorted(
      (a, b) => a.createdAt - b.createdAt || (a.version < b.version ? -1 : 1),
    );
  }
}

/** Unfinished runs for each version. */
export function versionsInUse(runs: Runs): readonly { readonly version: string; readonly runs: number }[] {
  const counts = new Map<string, number>();
  for (const row of runs.all()) {
    if (!isFinal(row)) counts.set(row.record.version, (counts.get(row.record.version) ?? 0) + 1);
  }
  return [...counts]
    .map(([version, count]) => ({ version, runs: count }))
    .toSorted((a, b) => (a.version < b.version ? -1 : 1));
}

/** Every workflow that has runs and may be seen, by name, with what was said about retention last. */
export function retentionsOf(
  { runs, versions }: { readonly runs: Runs; readonly versions: Versions },
  access: AccessFilter | undefined,
): readonly RetentionRecord[] {
  const workflows = new Set(runs.all().map((row) => row.record.workflow));
  return [...workflows]
    .filter((name) => sees(access, name))
    .toSorted()
    .map((workflow) => versions.retentionOf(workflow));
}
