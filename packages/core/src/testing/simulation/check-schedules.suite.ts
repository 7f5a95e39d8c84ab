// Every time of a schedule made a run once, however often the process restarted.
import type { Reckoned, Reckoning } from "./checks.suite.ts";

export async function checkSchedules(
  { world, store, recorder, programs, ledger }: Reckoning,
  all: readonly Reckoned[],
): Promise<void> {
  const times = new Map<string, Set<string>>();
  for (const { run } of all) {
    if (run.schedule === undefined || run.continuedFrom !== undefined) continue;
    const time = run.tags.find((tag) => tag.startsWith("scheduled:"));
    const seen = times.get(run.schedule) ?? new Set();
    times.set(run.schedule, seen);
    if (time === undefined) world.fail(`run ${run.id} of schedule ${run.schedule} does not say for which time it is`);
    else if (seen.has(time)) world.fail(`schedule ${run.schedule} made two runs for ${time}`);
    else seen.add(time);
  }
  const held = new Set<string>();
  for (const { schedule, time } of await store.listHeldTimes({ limit: 100_000 })) {
    const text = `scheduled:${new Date(time).toISOString()}`;
    held.add(`${schedule} ${text}`);
    if (times.get(schedule)?.has(text) === true) world.fail(`schedule ${schedule} holds ${text}, which has its run`);
  }
  const deleted = [...recorder.runs.values()].some((run) => run.deleted);
  for (const { id, workflow, createdAt, handledUntil } of await store.listSchedules()) {
    const schedule = programs.find((program) => program.name === workflow)?.schedule;
    if (schedule === undefined || schedule.overlap !== "allow" || schedule.catchUp !== "all") continue;
    if (deleted || ledger.pausedSchedules.has(id)) continue;
    const everyMs = schedule.everyMs;
    for (
      let at = Math.ceil((createdAt + 1) / everyMs) * everyMs;
      at <= Math.min(handledUntil, world.calmedAt);
      at += everyMs
    ) {
      const text = `scheduled:${new Date(at).toISOString()}`;
      const made = times.get(id)?.has(text) === true || held.has(`${id} ${text}`);
      if (!made && world.jumpedMs === 0)
        world.fail(`schedule ${id} made no run for ${text.slice("scheduled:".length)}`);
    }
  }
}
