// The port behind which parts beside the workflows read what the product has done: runs, builds and the audit trail, from where
// they were. Whoever follows it asks again after a crash, so nothing has to be handed to them while it happens.
import type { AuditLog } from "./audit-log.ts";
import type { BuildStore } from "./build-store.ts";
import type { RunStore } from "./run-store.ts";

export interface ProductTrail {
  readonly runs: Pick<RunStore, "getRun" | "readJournal" | "listLogs" | "listRuns">;
  readonly audit: Pick<AuditLog, "readAudit" | "auditHead">;
  readonly builds: Pick<BuildStore, "listBuilds" | "readBuildEvents">;
  /** Hears the ids of runs that may have changed, often of the same one; answers how to stop. */
  onRun(listener: (run: string) => void): () => void;
}
