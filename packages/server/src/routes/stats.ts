// Figures of workflows over the last day, by the hour.
import { hourMs } from "@sluice/core";
import type { Figures, HourFigures, RunStatistics, WorkflowCounts } from "@sluice/core";
import { isFinalStatus } from "@sluice/protocol";
import type { RunStatus } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { reply } from "../wire.ts";
import { workflowNotFound } from "./workflows.ts";

const hoursShown = 24;
/** A workflow is failing when one end in so many is a failure. */
const failingShare = 10;
/** What has just been is the hour that has begun and the one before. */
const recentHours = 2;

/** The hours that are shown at a time: the one that has begun is the last. */
export function lastDay(now: number): { readonly from: number; readonly to: number } {
  const to = (Math.floor(now / hourMs) + 1) * hourMs;
  return { from: to - hoursShown * hourMs, to };
}

export function showFigures({ completed, failed, cancelled, timedout, p50Ms, p95Ms }: Figures): object {
  return { completed, failed: failed + timedout, cancelled, p50Ms: p50Ms ?? null, p95Ms: p95Ms ?? null };
}

const nothing: Figures = { created: 0, completed: 0, failed: 0, cancelled: 0, timedout: 0 };

/** Every hour of a day, also those in which there was nothing. */
function hoursOf(statistics: RunStatistics | undefined, from: number): readonly HourFigures[] {
  const known = new Map(statistics?.hours.map((hour) => [hour.at, hour]));
  return Array.from({ length: hoursShown }, (_, index) => {
    const at = from + index * hourMs;
    return known.get(at) ?? { at, ...nothing };
  });
}

export function showHours(statistics: RunStatistics | undefined, from: number): readonly object[] {
  return hoursOf(statistics, from).map(({ at, created, ...figures }) => ({
    at,
    started: created,
    ...showFigures(figures as Figures),
  }));
}

export function unfinishedOf(counts: WorkflowCounts | undefined): number {
  let unfinished = 0;
  for (const [status, count] of Object.entries(counts?.runs ?? {})) {
    if (!isFinalStatus(status as RunStatus)) unfinished += count;
  }
  return unfinished;
}

interface Known {
  readonly statistics: RunStatistics | undefined;
  readonly counts: WorkflowCounts | undefined;
}

function showStats(workflow: string, { statistics, counts }: Known, from: number): object {
  const day = statistics?.total ?? nothing;
  const unfinished = unfinishedOf(counts);
  return {
    workflow,
    health: isFailing(hoursOf(statistics, from).slice(-recentHours))
      ? "failing"
      : day.created === 0 && endsOf(day) === 0
        ? "idle"
        : "good",
    unfinished,
    lastRunAt: counts?.lastAt ?? null,
    day: showFigures(day),
    hours: showHours(statistics, from),
  };
}

function endsOf({ completed, failed, cancelled, timedout }: Figures): number {
  return completed + failed + cancelled + timedout;
}

function isFailing(hours: readonly Figures[]): boolean {
  let failures = 0;
  let ends = 0;
  for (const hour of hours) {
    failures += hour.failed + hour.timedout;
    ends += endsOf(hour);
  }
  return failures > 0 && failures * failingShare >= ends;
}

/** Every workflow that is deployed, has runs, or had some in the last day. */
export async function listWorkflowStats(call: Call): Promise<Response> {
  call.query().done();
  const { figures } = call.parts.store;
  const access = call.access("workflow:read");
  const day = lastDay(call.parts.clock.now());
  const [counts, statistics] = await Promise.all([
    figures.countByWorkflow({ access }),
    figures.runStatistics({ ...day, each: true, access }),
  ]);
  const known = new Map<string, Known>();
  for (const { manifest } of call.engine.deployments.workflows) {
    if (call.may("workflow:read", manifest.name))
      known.set(manifest.name, { statistics: undefined, counts: undefined });
  }
  for (const each of counts) known.set(each.workflow, { statistics: undefined, counts: each });
  for (const each of statistics) {
    const { workflow = "" } = each;
    known.set(workflow, { counts: known.get(workflow)?.counts, statistics: each });
  }
  const workflows = [...known]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([workflow, what]) => showStats(workflow, what, day.from));
  return reply("json", 200, { workflows });
}

export async function getWorkflowStats(call: Call): Promise<Response> {
  call.query().done();
  const workflow = call.param(0);
  const counts = await countsOf(call, workflow);
  const day = lastDay(call.parts.clock.now());
  const [statistics] = await call.parts.store.figures.runStatistics({ ...day, workflow });
  return reply("json", 200, { stats: showStats(workflow, { statistics, counts }, day.from) });
}

/** What there is of a workflow. Throws `workflow_not_found` for one that is not deployed and has no runs, or may not be seen. */
export async function countsOf(call: Call, workflow: string): Promise<WorkflowCounts | undefined> {
  if (!call.may("workflow:read", workflow)) throw workflowNotFound(workflow);
  const [counts] = await call.parts.store.figures.countByWorkflow({ workflow });
  if (counts === undefined && call.engine.deployments.workflow(workflow) === undefined)
    throw workflowNotFound(workflow);
  return counts;
}
