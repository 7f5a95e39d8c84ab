// Schedules: keeps the next nominal time of each, and creates its run exactly once, however often the process restarts.
import { encodeErrorValue } from "@sluice/protocol";
import type { CancelNotice, TriggerManifest, WorkflowManifest } from "@sluice/protocol";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import { scheduledTag } from "../kernel/run-figures.ts";
import { sees } from "../kernel/patterns.ts";
import type { AccessFilter, Actor, NewRun, RunStore, ScheduleRecord } from "../kernel/run-store.ts";
import { cronTimes, parseCron } from "./cron.ts";
import type { Cron } from "./cron.ts";
import { scheduleName } from "./deployment-checks.ts";
import type { CurrentWorkflow } from "./deployments.ts";
import type { EngineParts } from "./parts.ts";
import { jitterMs, planSchedule } from "./schedule-plan.ts";
import { scheduleTimes } from "./schedule-times.ts";
import type { TimesAsked } from "./schedule-times.ts";
import type { Starts } from "./starts.ts";

interface LiveSchedule {
  record: ScheduleRecord;
  readonly cron: Cron;
  nextMs: number | undefined;
  held?: WaitingTimes | undefined;
  /** Whether its workflow takes its input has been found out. */
  judged?: boolean;
}

/** Times of a schedule that a limit has turned away, and when it is asked again (milliseconds since 1970). */
export interface WaitingTimes {
  readonly count: number;
  readonly retryAt: number;
}

type Fired = Extract<Awaited<ReturnType<RunStore["fireSchedule"]>>, { readonly outcome: "ok" }>;
type ScheduleTriggerManifest = Extract<TriggerManifest, { type: "schedule" }>;

const previewMax = 1_000;
/** Held times that get their runs in one commit. */
const heldBatchMax = 100;
/** A limit that may take one sooner is asked after this long. */
const refusedRetryMsMin = 100;
const wakeMsMax = 60_000;
const system: Actor = { kind: "system", id: "schedules" };
/** What a run is told that the next run of its schedule ends. */
const overlapNotice: CancelNotice = {
  status: "cancelled",
  reason: "cancelled_by_schedule",
  message: "The schedule's next run begins.",
};

export class Schedules {
  readonly #parts: EngineParts;
  readonly #starts: Starts;
  readonly #live = new Map<string, LiveSchedule>();
  #cancel: (() => void) | undefined;
  #firing: Promise<void> | undefined;
  #judging: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: EngineParts, starts: Starts) {
    this.#parts = parts;
    this.#starts = starts;
  }

  /** Makes the schedules of code be those of these workflows. Invalid ones are refused before anything changes. */
  async deploy(workflows: readonly WorkflowManifest[]): Promise<Result<readonly ScheduleRecord[]>> {
    const now = this.#parts.clock.now();
    const schedules: Omit<ScheduleRecord, "paused" | "handledUntil">[] = [];
    for (const workflow of workflows) {
      const triggers = workflow.triggers.filter((trigger) => trigger.type === "schedule");
      for (const [index, trigger] of triggers.entries()) {
        const parsed = parseCron(trigger.cron, trigger.timezone);
        if (!parsed.ok) {
          const { code, message, hint } = parsed;
          return fail({ code, message: `Workflow ${workflow.name}: ${message}`, hint });
        }
        schedules.push(recordOf(workflow.name, trigger, { index, now }));
      }
    }
    const names = workflows.map((workflow) => workflow.name);
    const records = await this.#parts.store.putSchedules({ by: system, workflows: names, schedules, now });
    await this.#take(records);
    this.#arm();
    return ok(records);
  }

  /** Says of each schedule whose input its workflow would refuse that its runs are going to fail, once a worker can judge it. */
  checkInputs(): Promise<void> {
    const judging = this.#judging.then(() => this.#checkInputs());
    this.#judging = judging.catch(() => undefined);
    return judging;
  }

  async #checkInputs(): Promise<void> {
    const { deployments, log, values } = this.#parts;
    for (const live of this.#live.values()) {
      const { id: schedule, workflow, input } = live.record;
      if (live.judged === true || deployments.workflow(workflow)?.manifest.validates !== true) continue;
      const checked = await this.#starts.check(workflow, await values.load(input));
      live.judged = checked.ok || checked.error.code !== "no_worker";
      if (checked.ok || checked.error.code !== "invalid_input") continue;
      const hint = "Give it one: schedule(cron, { input }).";
      log("warn", "a schedule's runs will fail: its workflow does not take their input", {
        schedule,
        problem: checked.error.message,
        hint,
      });
    }
  }

  /** Makes these the schedules there are. */
  async #take(records: readonly ScheduleRecord[]): Promise<void> {
    const { clock, store } = this.#parts;
    const held = records.length === 0 ? [] : await store.countHeldTimes();
    this.#live.clear();
    for (const record of records) this.#put(record);
    // New code may have another limit: it is asked at once.
    for (const { schedule, count } of held) {
      const live = this.#live.get(schedule);
      if (live !== undefined) live.held = { count, retryAt: clock.now() };
    }
  }

  #put(record: ScheduleRecord): void {
    const parsed = parseCron(record.cron, record.timezone);
    if (!parsed.ok) {
      this.#parts.log("error", "a stored schedule cannot be read", { schedule: record.id, cron: record.cron });
      return;
    }
    this.#live.set(record.id, { record, cron: parsed.cron, nextMs: 0 });
  }

  #arm(): void {
    this.#cancel?.();
    if (this.#stopped) return;
    let next = Number.POSITIVE_INFINITY;
    for (const { record, nextMs, held } of this.#live.values())
      if (!record.paused) next = Math.min(next, nextMs ?? next, held?.retryAt ?? next);
    if (next === Number.POSITIVE_INFINITY) return;
    const { clock } = this.#parts;
    const leftMs = next - clock.now();
    // A wall clock that may jump is looked at again at least this often.
    this.#cancel = clock.after(clock.steady === true ? leftMs : Math.min(wakeMsMax, leftMs), () => {
      this.#firing = this.#fireDue().finally(() => {
        this.#firing = undefined;
        this.#arm();
      });
    });
  }

  async #fireDue(): Promise<void> {
    // As they are now: one that fires may have all of them read again.
    const all = [...this.#live.values()];
    for (const live of all) {
      if (live.record.paused) continue;
      const { clock, limits, log } = this.#parts;
      try {
        if (live.held !== undefined && live.held.retryAt <= clock.now()) await this.#fireHeld(live);
        if (live.nextMs !== undefined && live.nextMs <= clock.now()) await this.#fire(live);
      } catch (error) {
        log("error", "a schedule could not fire yet", { schedule: live.record.id, error: String(error) });
        live.nextMs = clock.now() + limits.reloadDelayMs;
        if (live.held !== undefined) live.held = { ...live.held, retryAt: live.nextMs };
      }
    }
  }

  async #fire(live: LiveSchedule): Promise<void> {
    const { clock, limits, log, deployments } = this.#parts;
    const { record, cron } = live;
    const now = clock.now();
    const current = deployments.workflow(record.workflow);
    if (current === undefined) {
      // There is no code for it, or its deployment is being taken back: its times stay owed until the next one.
      live.nextMs = undefined;
      return;
    }
    const waiting = live.held;
    if (waiting !== undefined && waiting.count >= limits.triggerWaitingMax) {
      // As many wait as may: what comes due meanwhile is missed, and caught up on as the schedule says.
      live.nextMs = Math.max(waiting.retryAt, now + refusedRetryMsMin);
      return;
    }
    const plan = planSchedule({
      cron,
      lastFiredMs: record.handledUntil === record.createdAt ? undefined : record.handledUntil,
      createdMs: record.createdAt,
      nowMs: now,
      catchUp: record.catchUp,
      catchUpMax: record.catchUpMax,
      graceMs: limits.scheduleGraceMs,
    });
    live.nextMs = plan.nextMs;
    if (plan.skipped > 0) log("warn", "a schedule missed times", { schedule: record.id, skipped: plan.skipped });
    if (plan.handledUntilMs === record.handledUntil && plan.fire.length === 0) return;
    // Of times that are due together, each would be cancelled by the next one at once.
    const wanted = record.overlap === "cancel" ? plan.fire.slice(-1) : plan.fire;
    const fired = await this.#make(live, { times: wanted, handledUntil: plan.handledUntilMs, current });
    if (fired === undefined) return;
    // It may have been paused meanwhile.
    live.record = { ...live.record, handledUntil: Math.max(live.record.handledUntil, plan.handledUntilMs) };
    if (fired.refused === undefined) return;
    if (waiting === undefined) log("warn", "a limit makes times of a schedule wait", { schedule: record.id });
    const before = isLastOnly(record) ? 0 : (waiting?.count ?? 0);
    live.held = { count: before + fired.refused.count, retryAt: this.#retryAt(fired.refused.retryAt) };
  }

  /** Gives times that are held their runs, as far as the limit takes them. */
  async #fireHeld(live: LiveSchedule): Promise<void> {
    const { deployments, store } = this.#parts;
    const { record, held } = live;
    const current = deployments.workflow(record.workflow);
    const times = (await store.listHeldTimes({ schedule: record.id, limit: heldBatchMax })).map(({ time }) => time);
    if (held === undefined || current === undefined || times.length === 0) {
      live.held = undefined;
      return;
    }
    const fired = await this.#make(live, { times, handledUntil: record.handledUntil, current, held: true });
    if (fired === undefined) return;
    const refused = fired.refused?.count ?? 0;
    const retryAt = fired.refused === undefined ? this.#parts.clock.now() : this.#retryAt(fired.refused.retryAt);
    // The next look finds out whether there are more than were counted.
    live.held = { count: Math.max(0, held.count - times.length) + refused, retryAt };
  }

  #retryAt(at: number): number {
    return Math.max(at, this.#parts.clock.now() + refusedRetryMsMin);
  }

  /** Makes the runs of these times; undefined where somebody else has moved the schedule on. */
  async #make(
    live: LiveSchedule,
    p: {
      readonly times: readonly number[];
      readonly handledUntil: number;
      readonly current: CurrentWorkflow;
      readonly held?: boolean;
    },
  ): Promise<Fired | undefined> {
    const { clock, route, store } = this.#parts;
    const { record } = live;
    const { times, handledUntil, current, held } = p;
    const now = clock.now();
    const outcome = await store.fireSchedule({
      by: { kind: "schedule", id: record.id },
      schedule: record.id,
      expect: record.handledUntil,
      handledUntil,
      runs: times.map((nominal) => this.#runOf(live, nominal, { current, now })),
      times,
      held,
      overlap: record.overlap,
      cancel: {
        notice: overlapNotice,
        error: encodeErrorValue({ name: "CancelledError", message: overlapNotice.message, code: "cancelled" }),
      },
      now,
    });
    if (outcome.outcome === "stale") {
      await this.#reload();
      return undefined;
    }
    route(outcome.effects);
    return outcome;
  }

  #runOf(
    { record }: LiveSchedule,
    nominal: number,
    { current, now }: { readonly current: CurrentWorkflow; readonly now: number },
  ): NewRun {
    const by: Actor = { kind: "schedule", id: record.id };
    const { ids, sealer, values } = this.#parts;
    const { workflow, input } = record;
    const id = ids.run();
    const begun = sealer.begin(workflow);
    // The schedule has it as it is; one that is large is that very blob.
    const sealed = values.isRef(input) ? input : (begun?.seal.seal({ run: id, field: "input" }, input) ?? input);
    const flow = this.#starts.flowOf(current, input);
    const run = this.#starts.newRun({ by, workflow, input }, { current, id, input: sealed, now, flow, begun });
    const dueAt = Math.max(now, nominal + jitterMs(record.id, nominal, record.jitterMs));
    const serial = record.overlap === "queue" ? { serialKey: `schedule:${record.id}` } : {};
    return { ...run, dueAt, schedule: record.id, tags: [scheduledTag(nominal)], ...serial };
  }

  async #reload(): Promise<void> {
    await this.#take(await this.#parts.store.listSchedules());
  }

  list(access?: AccessFilter): readonly ScheduleRecord[] {
    return [...this.#live.values()].map((live) => live.record).filter(({ workflow }) => sees(access, workflow));
  }

  get(id: string): ScheduleRecord | undefined {
    return this.#live.get(id)?.record;
  }

  /** Undefined while no limit of the workflow holds times back. */
  waiting(id: string): WaitingTimes | undefined {
    const held = this.#live.get(id)?.held;
    return held === undefined || held.count === 0 ? undefined : held;
  }

  /** The next nominal times, at most 1,000. */
  preview(id: string, count: number): readonly number[] {
    const live = this.#live.get(id);
    if (live === undefined) return [];
    const limit = Math.min(count, previewMax);
    return cronTimes(live.cron, {
      afterMs: this.#parts.clock.now(),
      untilMs: Number.MAX_SAFE_INTEGER,
      limit,
    });
  }

  /** When these schedules fired and will fire, from `from` to before `to`. */
  async timesBetween(
    p: Omit<TimesAsked, "schedules" | "graceMs"> & {
      readonly shown: (schedule: ScheduleRecord) => boolean;
      /** Runs for times before this may have been deleted. */
      readonly keptFrom: (schedule: ScheduleRecord) => number;
    },
  ): Promise<ReturnType<typeof scheduleTimes>> {
    const shown = [...this.#live.values()].filter(({ record }) => p.shown(record));
    const schedules = await Promise.all(
      shown.map(async (live) => ({ ...live, keptFrom: p.keptFrom(live.record), held: await this.#heldTimes(live) })),
    );
    return scheduleTimes({ ...p, schedules, graceMs: this.#parts.limits.scheduleGraceMs });
  }

  async #heldTimes({ record, held }: LiveSchedule): Promise<ReadonlySet<number> | undefined> {
    if (held === undefined) return undefined;
    const { limits, store } = this.#parts;
    const times = await store.listHeldTimes({ schedule: record.id, limit: limits.triggerWaitingMax });
    return new Set(times.map(({ time }) => time));
  }

  async setPaused(by: Actor, id: string, paused: boolean): Promise<Result<ScheduleRecord>> {
    const { clock, store } = this.#parts;
    const record = await store.setSchedulePaused({ by, schedule: id, paused, now: clock.now() });
    if (record === undefined) return unknownSchedule(id);
    // The same one goes on: what it fires just now has yet to say which times are held.
    const live = this.#live.get(id);
    if (live === undefined) this.#put(record);
    else {
      live.record = record;
      live.nextMs = clock.now();
    }
    this.#arm();
    return ok(record);
  }

  /** Starts one run of the schedule now, whatever its times. */
  async runNow(by: Actor, id: string): ReturnType<Starts["start"]> {
    const record = this.get(id);
    if (record === undefined) return unknownSchedule(id);
    return this.#starts.start({ by, workflow: record.workflow, input: record.input, tags: ["scheduled:now"] });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#firing;
  }
}

/** True where a time that comes later stands for those before it. */
function isLastOnly({ overlap }: ScheduleRecord): boolean {
  return overlap === "skip" || overlap === "cancel";
}

function unknownSchedule(id: string): Result<never> {
  return fail({
    code: "schedule_not_found",
    message: `There is no schedule ${JSON.stringify(id)}.`,
    hint: "`sluice schedule list` names them.",
  });
}

function recordOf(
  workflow: string,
  trigger: ScheduleTriggerManifest,
  { index, now }: { readonly index: number; readonly now: number },
): Omit<ScheduleRecord, "paused" | "handledUntil"> {
  return {
    id: `${workflow}:${scheduleName(trigger, index)}`,
    workflow,
    cron: trigger.cron,
    timezone: trigger.timezone,
    input: trigger.input,
    catchUp: trigger.catchUp,
    catchUpMax: trigger.catchUpMax,
    overlap: trigger.overlap,
    jitterMs: trigger.jitter,
    createdAt: now,
    source: "code",
  };
}
