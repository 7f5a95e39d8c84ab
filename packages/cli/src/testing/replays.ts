// What a test asks of replays: a fixture against today's code, and every prefix of its own runs.
import { decodeValue, SluiceError } from "@sluice/protocol";
import type { RunExport, RunStatus } from "@sluice/protocol";
import type { Workflow } from "@sluice/sdk";
import { recordedRun } from "./recording.ts";
import { replayRecorded } from "./replay.ts";
import type { RecordedRun } from "./replay.ts";

/** A recorded run that the code follows. */
export interface ReplayedRun {
  readonly id: string;
  readonly workflow: string;
  /** How it stood when it was recorded. */
  readonly status: RunStatus;
  readonly input: unknown;
  /** What it returned; undefined where it did not complete. */
  readonly output: unknown;
  /** Entries of its journal. */
  readonly entries: number;
}

/** Replays an exported run; rejects with the first difference. */
export async function replayFixture(workflows: readonly Workflow[], fixture: RunExport | string): Promise<ReplayedRun> {
  const recorded = recordedRun(fixture);
  const { id, workflow, status, input, output, journal } = recorded;
  if (!workflows.some((each) => each.name === workflow)) {
    throw new SluiceError({
      code: "workflow_not_found",
      message: `The recorded run is of workflow ${workflow}, which this test does not have.`,
      hint: "Test that workflow, or name it in `workflows`.",
    });
  }
  const difference = await replayRecorded(workflows, recorded);
  if (difference !== undefined) throw difference;
  return {
    id,
    workflow,
    status,
    input: decodeValue(input),
    output: output === undefined ? undefined : decodeValue(output),
    entries: journal.length,
  };
}

/** Replays runs from every place at which they could have been interrupted; rejects with the first difference. */
export async function replayPrefixes(
  workflows: readonly Workflow[],
  runs: readonly RecordedRun[],
): Promise<{ readonly runs: number; readonly prefixes: number }> {
  let prefixes = 0;
  for (const run of runs) {
    const ords = run.journal.filter((entry) => entry.seq >= 0 && entry.ord > 0).map((entry) => entry.ord);
    const last = Math.max(0, ...run.journal.map((entry) => entry.ord));
    for (const ord of [0, ...ords.filter((each) => each !== last).toSorted((a, b) => a - b), last]) {
      const difference = await replayRecorded(workflows, run, ord);
      prefixes++;
      if (difference === undefined) continue;
      difference.message = `${run.workflow} is not deterministic, replayed after ${ord} of ${last} results: ${difference.message}`;
      throw difference;
    }
  }
  return { runs: runs.length, prefixes };
}
