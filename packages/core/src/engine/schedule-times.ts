// When schedules fired and will fire between two times: what their expressions name, held against the runs that there are.
import type { RunStatus } from "@sluice/protocol";
import type { ScheduledRun } from "../kernel/run-figures.ts";
import type { ScheduleRecord } from "../kernel/run-store.ts";
import { nextCronTime } from "./cron.ts";
import type { Cron } from "./cron.ts";

/**
 * A time of a schedule. `caught_up`: its run was started late; `held`: its run begins when a limit of the workflow takes it;
 * `missed`: it has gone by and there is no run.
 */
export interface ScheduleTime {
  readonly schedule: string;
  readonly workflow: string;
  readonly at: number;
  readonly run: string | undefined;
  readonly runStatus: RunStatus | undefined;
  readonly status: RunStatus | "coming" | "caught_up" | "held" | "missed";
}

/** A schedule that is looked at. */
export interface TimedSchedule {
  readonly record: ScheduleRecord;
  readonly cron: Cron;
  /** Runs for times before this may have been deleted. */
  readonly keptFrom: number;
  /** Times that wait for a limit of the workflow. */
  readonly held?: ReadonlySet<number> | undefined;
}

/** All times are milliseconds since 1970. */
export interface TimesAsked {
  readonly schedules: readonly TimedSchedule[];
  /** Those for times in the interval, by that time; when there are more than `limit`, at least one more than that. */
  readonly runs: readonly ScheduledRun[];
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** A run is started this late at most without being late. */
  readonly graceMs: number;
  readonly limit: number;
}

/** Where a schedule is among its times. */
interface Head {
  readonly schedule: TimedSchedule;
  /** Times that have a run. */
  readonly ran: ReadonlySet<number>;
  next: number | undefined;
  /** The last run whose time the expression does not name: it is from another one before, of which nothing is known. */
  foreignAt: number;
}

/** The first times of all schedules together, ascending. The cost follows `limit` and the number of schedules. */
export function scheduleTimes(p: TimesAsked): { readonly times: readonly ScheduleTime[]; readonly more: boolean } {
  const to = (p.runs.length > p.limit ? p.runs.at(-1)?.nominalAt : undefined) ?? p.to;
  const heads = headsOf({ ...p, to });
  const times: ScheduleTime[] = [];
  let at = 0;
  let more = true;
  while (times.length <= p.limit) {
    const run = p.runs[at];
    const head = earliest(heads.values());
    let found: ScheduleTime | undefined;
    if (run !== undefined && (head?.next === undefined || run.nominalAt <= head.next)) {
      at++;
      found = timeOfRun(run, p.graceMs);
      const own = heads.get(run.schedule);
      if (own !== undefined && own.next !== run.nominalAt) own.foreignAt = run.nominalAt;
    } else if (head === undefined) {
      more = false;
      break;
    } else found = take(head, to);
    if (found !== undefined) times.push(found);
  }
  const known = times.slice(0, p.limit).filter((time) => {
    return time.status !== "missed" || time.at > (heads.get(time.schedule)?.foreignAt ?? 0);
  });
  return { times: known, more };
}

function headsOf({ schedules, runs, from, to }: TimesAsked): ReadonlyMap<string, Head> {
  const ran = new Map<string, Set<number>>(schedules.map(({ record }) => [record.id, new Set()]));
  for (const { schedule, nominalAt } of runs) ran.get(schedule)?.add(nominalAt);
  return new Map(
    schedules.map((schedule) => {
      const { cron, keptFrom, record } = schedule;
      const next = nextBefore(cron, Math.max(from - 1, record.createdAt, keptFrom - 1), to);
      return [record.id, { schedule, ran: ran.get(record.id) ?? new Set(), next, foreignAt: 0 }];
    }),
  );
}

function nextBefore(cron: Cron, after: number, to: number): number | undefined {
  const next = nextCronTime(cron, after);
  return next === undefined || next >= to ? undefined : next;
}

function earliest(heads: Iterable<Head>): Head | undefined {
  let best: Head | undefined;
  for (const head of heads) {
    if (head.next !== undefined && (best?.next === undefined || head.next < best.next)) best = head;
  }
  return best;
}

/** The next time of a schedule, if it is one to show; moves on. */
function take(head: Head, to: number): ScheduleTime | undefined {
  const { cron, held, record } = head.schedule;
  const at = head.next;
  if (at === undefined) return undefined;
  const gone = at <= record.handledUntil;
  head.next = record.paused && !gone ? undefined : nextBefore(cron, at, to);
  if (head.ran.has(at) || (record.paused && !gone)) return undefined;
  const { id: schedule, workflow } = record;
  const status = !gone ? "coming" : held?.has(at) === true ? "held" : "missed";
  return { schedule, workflow, at, run: undefined, runStatus: undefined, status };
}

function timeOfRun(
  { run, schedule, workflow, status, nominalAt, createdAt }: ScheduledRun,
  graceMs: number,
): ScheduleTime {
  const late = createdAt - nominalAt > graceMs;
  return { schedule, workflow, at: nominalAt, run, runStatus: status, status: late ? "caught_up" : status };
}
