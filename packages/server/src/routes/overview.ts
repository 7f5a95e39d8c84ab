// The first page of the console: what needs somebody now, how the last day went, what is going on.
import type { RunStatus } from "@sluice/protocol";
import { hourMs } from "@sluice/core";
import type { Call } from "../call.ts";
import { reply } from "../wire.ts";
import { lastDay, showFigures, showHours } from "./stats.ts";

const failedMs = 24 * hourMs;
/** Timers looked at for a caller who may not see all of them. */
const timersMax = 10_000;

/** Each part is of what the caller may see by the permission it belongs to, and zero where that is nothing. */
export async function overview(call: Call): Promise<Response> {
  call.query().done();
  const { parts } = call;
  const { figures } = parts.store;
  const now = parts.clock.now();
  const day = lastDay(now);
  const access = call.access("run:read");
  const [counts, [statistics], needs, timers, disk] = await Promise.all([
    figures.countByWorkflow({ access }),
    figures.runStatistics({ ...day, access: call.access("workflow:read") }),
    figures.countNeeds({ failedSince: now - failedMs, access, approvals: call.access("approval:read") }),
    figures.countTimers({ access, max: timersMax }),
    call.may("metric:read") ? parts.disk?.() : undefined,
  ]);
  const runs: Partial<Record<RunStatus, number>> = {};
  let ready = 0;
  for (const each of counts) {
    ready += each.ready;
    for (const [status, count] of Object.entries(each.runs)) {
      runs[status as RunStatus] = (runs[status as RunStatus] ?? 0) + count;
    }
  }
  const { blocked } = needs;
  return reply("json", 200, {
    needs: {
      approvals: needs.approvals,
      failed: needs.failed,
      poison: blocked.poison ?? 0,
      nonDeterminism: (blocked.non_determinism ?? 0) + (blocked.replay_check_failed ?? 0),
      waitingForVersion: (blocked.version_unavailable ?? 0) + (blocked.workflow_unknown ?? 0),
      undo: (blocked.undo_failed ?? 0) + (blocked.undo_unavailable ?? 0),
    },
    runs,
    day: showFigures(statistics?.total ?? { created: 0, completed: 0, failed: 0, cancelled: 0, timedout: 0 }),
    hours: showHours(statistics, day.from),
    queue: { ready, waiting: runs.waiting ?? 0, timers },
    workers: workersOf(call),
    disk: disk ?? null,
    version: parts.version,
    uptimeMs: now - parts.startedAt,
  });
}

/** Workers by what they do: those that are supervised say it, of the others it is known that they are connected. */
function workersOf(call: Call): Readonly<Record<"serving" | "stalled" | "starting", number>> {
  const found = { serving: 0, stalled: 0, starting: 0 };
  if (!call.may("deployment:read")) return found;
  const { workers = [] } = call.parts.deployment();
  const supervised = new Set(workers.map(({ id }) => id));
  for (const { status } of workers) if (status !== "leaving") found[status]++;
  for (const { link } of call.engine.deployments.workers) if (!supervised.has(link.id)) found.serving++;
  return found;
}
