// Runs of a cronflow database that have ended, in the form in which runs are imported as history.
import { runExportFormat, runExportVersion } from "@sluice/protocol";
import type { ExportedEntry, ExportedValue, FinalRunStatus, RunExport } from "@sluice/protocol";
import type { OldRun, OldStepResult } from "./read-database.ts";

/** The version of the code that runs of before are said to have had. */
const version = "cronflow";
const endings: Readonly<Record<string, FinalRunStatus>> = {
  completed: "completed",
  success: "completed",
  succeeded: "completed",
  failed: "failed",
  error: "failed",
  cancelled: "cancelled",
  canceled: "cancelled",
  timeout: "timedout",
  timedout: "timedout",
};

/** A run as history; undefined for one that has not ended. */
export function historyOf(run: OldRun): RunExport | undefined {
  const status = endings[run.status.toLowerCase().replaceAll(/[^a-z]/g, "")];
  if (status === undefined) return undefined;
  const createdAt = run.startedAt ?? run.completedAt ?? 0;
  const endedAt = Math.max(createdAt, run.completedAt ?? createdAt);
  const journal = run.steps.map((step, index) => entryOf(step, index, { run, createdAt, endedAt }));
  const output = run.steps.findLast((step) => !hasFailed(step))?.output;
  return {
    format: runExportFormat,
    formatVersion: runExportVersion,
    run: {
      id: run.id,
      workflow: run.workflowId,
      version,
      status,
      ...(status === "failed" ? { reason: "error" as const } : {}),
      input: exported(run.payload),
      ...(status === "completed" ? { output: exported(output) } : {}),
      ...(status === "completed" ? {} : { error: failure(run.error ?? `The run was ${run.status}.`) }),
      createdAt,
      startedAt: createdAt,
      endedAt,
      tags: ["cronflow"],
      priority: 0,
      attempt: 1,
      generation: 0,
    },
    journal,
    logs: [],
    stream: [],
  };
}

function entryOf(step: OldStepResult, index: number, { run, createdAt, endedAt }: Within): ExportedEntry {
  const at = step.startedAt ?? createdAt;
  const failed = hasFailed(step);
  return {
    seq: index,
    kind: "step",
    name: step.stepId,
    n: run.steps.slice(0, index).filter(({ stepId }) => stepId === step.stepId).length,
    status: failed ? "failed" : "completed",
    ord: index + 1,
    attempt: 1,
    ...(failed ? { error: failure(step.error ?? "The step failed.") } : { value: exported(step.output) }),
    at,
    end: Math.max(at, step.completedAt ?? endedAt),
  };
}

interface Within {
  readonly run: OldRun;
  readonly createdAt: number;
  readonly endedAt: number;
}

function hasFailed({ status }: OldStepResult): boolean {
  return /fail|error/i.test(status);
}

/** Values of the database are JSON. */
function exported(value: unknown): ExportedValue {
  return { json: value ?? null };
}

function failure(message: string): ExportedValue {
  return { json: { name: "Error", message } };
}
