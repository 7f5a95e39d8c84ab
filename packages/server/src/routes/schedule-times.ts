// When schedules fired and will fire: a calendar.
import type { ScheduleRecord } from "@sluice/core";
import { hourMs } from "@sluice/core";
import type { Call } from "../call.ts";
import { refuse } from "../fields.ts";
import { reply } from "../wire.ts";

/** Times in one answer: each that is to come costs the engine's thread some microseconds. */
const timesMax = 500;
const spanMsMax = 400 * 24 * hourMs;
const beforeMs = 24 * hourMs;
const afterMs = 7 * 24 * hourMs;
/** Later than that nothing is scheduled. */
const lastTime = Date.UTC(2500, 0, 1);

/** Without `from` and `to` from a day ago to in a week. */
export async function listScheduleTimes(call: Call): Promise<Response> {
  const query = call.query();
  const now = call.parts.clock.now();
  const from = query.time("from") ?? now - beforeMs;
  const to = Math.min(lastTime, query.time("to") ?? Math.max(from, now) + afterMs);
  const workflow = query.text("workflow");
  query.done();
  if (to - from > spanMsMax) {
    refuse(
      "invalid_filter",
      "The times lie too far apart.",
      `At most ${spanMsMax / hourMs / 24} days are shown at once.`,
    );
  }
  const { store } = call.parts;
  const access = call.access("schedule:read");
  const limit = timesMax + 1;
  const [runs, retentions] = await Promise.all([
    from < to ? store.figures.listScheduledRuns({ from, to, workflow, access, limit }) : [],
    store.listRetentions({ access }),
  ]);
  const kept = new Map(retentions.map((each) => [each.workflow, each]));
  const keptFrom = (schedule: ScheduleRecord): number => {
    const { ageMs = call.engine.limits.runRetentionMs, keep } = kept.get(schedule.workflow) ?? {};
    // Where only so many are kept, those before the oldest that is there may have been deleted.
    const oldest = keep === undefined ? 0 : (runs.find((run) => run.schedule === schedule.id)?.nominalAt ?? now);
    return Math.max(now - ageMs, oldest);
  };
  const shown = (schedule: ScheduleRecord): boolean =>
    call.may("schedule:read", schedule.workflow) && (workflow === undefined || schedule.workflow === workflow);
  const { times, more } = call.engine.schedules.timesBetween({ runs, from, to, limit: timesMax, shown, keptFrom });
  return reply("json", 200, {
    times: times.map(({ run, runStatus, ...time }) => ({
      ...time,
      run: run !== undefined && call.may("run:read", time.workflow) ? run : null,
      runStatus: runStatus ?? null,
    })),
    more,
  });
}
