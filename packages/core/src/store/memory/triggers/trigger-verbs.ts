// What each verb of the trigger port that changes something does to the tables in memory.
import type { NewRun, RunRecord } from "../../../kernel/run-store.ts";
import type {
  AdvanceOutcome,
  DeliveryRecord,
  HeldStart,
  TriggerProgress,
  TriggerRecord,
  TriggerStore,
  TriggerWriteVerb,
} from "../../../kernel/trigger-store.ts";
import { isRefusal, refusedToo, waitingKey } from "../../refused-starts.ts";
import type { Refusals } from "../../refused-starts.ts";
import { Change } from "../change.ts";
import { startRun } from "../create.ts";
import { toRecord } from "../runs.ts";
import type { Tables } from "../tables.ts";
import { hold, letGo } from "./held-starts.ts";

type Params<Verb extends TriggerWriteVerb> = Parameters<TriggerStore[Verb]>[0];
type Answer<Verb extends TriggerWriteVerb> = Awaited<ReturnType<TriggerStore[Verb]>>;

export const triggerVerbs: { readonly [Verb in TriggerWriteVerb]: (t: Tables, p: Params<Verb>) => Answer<Verb> } = {
  putTriggers(tables, p) {
    const { events, triggers } = tables;
    const kept = new Set(p.triggers.map(({ id }) => id));
    for (const { id, workflow } of triggers.list()) {
      if (!p.workflows.includes(workflow) || kept.has(id)) continue;
      const held = triggers.row(id)?.held ?? new Map<string, HeldStart>();
      for (const key of held.keys()) letGo(tables, held, key);
      triggers.delete(id);
    }
    for (const { id, workflow, kind, createdAt } of p.triggers) {
      const row = triggers.row(id);
      if (row !== undefined) row.record = { ...row.record, workflow, kind };
      else {
        const begun = { paused: false, version: 0, position: events.last, fired: 0, failures: 0 };
        triggers.add({ id, workflow, kind, createdAt, ...begun });
      }
    }
    return triggers.list();
  },

  setTriggerPaused({ triggers }, p) {
    const row = triggers.row(p.trigger);
    if (row === undefined) return undefined;
    const { record } = row;
    if (record.paused !== p.paused) row.record = { ...record, paused: p.paused, version: record.version + 1 };
    return row.record;
  },

  advanceTrigger: (t, p) => advance(new Change(t, p.now), p),

  recordDelivery({ triggers }, { delivery, mark }) {
    triggers.deliveries.push(delivery);
    if (mark !== undefined) triggers.row(delivery.trigger)?.marks.set(mark.key, { ...mark, at: delivery.at });
  },

  sweepTriggers({ triggers }, p) {
    const marks = triggers.sweepMarks(p.now, p.limit);
    return { swept: marks + sweepDeliveries(triggers, p, p.limit - marks) };
  },
};

function sweepDeliveries(triggers: Tables["triggers"], p: Params<"sweepTriggers">, limit: number): number {
  const seen = new Map<string, number>();
  const over = new Set<DeliveryRecord>();
  for (const delivery of triggers.deliveries.toReversed()) {
    const count = (seen.get(delivery.trigger) ?? 0) + 1;
    seen.set(delivery.trigger, count);
    if (delivery.at < p.deliveriesBefore || count > p.keep) over.add(delivery);
  }
  const gone = new Set([...over].toReversed().slice(0, Math.max(0, limit)));
  triggers.deliveries = triggers.deliveries.filter((delivery) => !gone.has(delivery));
  return gone.size;
}

function advance(change: Change, p: Params<"advanceTrigger">): AdvanceOutcome {
  const { triggers } = change.tables;
  const row = triggers.row(p.trigger);
  if (row === undefined || row.record.paused || row.record.version !== p.expect) return { outcome: "stale" };
  const created: RunRecord[] = [];
  let duplicates = 0;
  let refused: Refusals | undefined;
  for (const { key, mark, expiresAt, held, run } of p.occurrences) {
    // It was let go meanwhile: what it was sealed with is erased.
    if (held !== undefined && run.payloadKey !== undefined && !row.held.has(held)) continue;
    const known = key === undefined ? undefined : row.marks.get(key);
    if (known !== undefined && known.mark === mark) {
      duplicates++;
      continue;
    }
    const started = startRun(change, { by: { kind: "trigger", id: p.trigger }, run });
    if (isRefusal(started)) {
      refused = refusedToo(refused, started, p.now);
      if (held === undefined) hold(change.tables, row.held, { held: heldOf(run, p.now), now: p.now });
      if (key !== undefined) row.marks.set(key, withoutUndefined({ key, mark, at: p.now, expiresAt }));
      continue;
    }
    if (held !== undefined) letGo(change.tables, row.held, held);
    if (started.outcome === "created") created.push(toRecord(started.row));
    else duplicates++;
    const led = started.outcome === "id_taken" ? run.id : "row" in started ? started.row.record.id : undefined;
    if (key !== undefined && led !== undefined)
      row.marks.set(key, withoutUndefined({ key, mark, run: led, at: p.now, expiresAt }));
  }
  for (const mark of p.marks ?? []) {
    const run = mark.run ?? row.marks.get(mark.key)?.run;
    row.marks.set(mark.key, withoutUndefined({ ...mark, run, at: p.now }));
  }
  for (const key of p.forget ?? []) row.marks.delete(key);
  for (const key of p.release ?? []) letGo(change.tables, row.held, key);
  for (const held of p.hold ?? []) hold(change.tables, row.held, { held, now: p.now });
  row.record = advanced(row.record, p.progress ?? {}, { count: created.length, at: p.now });
  return {
    outcome: "ok",
    trigger: row.record,
    created,
    duplicates,
    ...(refused === undefined ? {} : { refused }),
    effects: change.effects(),
  };
}

function heldOf({ id, input, payloadKey, newKey }: NewRun, now: number): HeldStart {
  const sealed = payloadKey === undefined ? {} : { run: id, payloadKey, newKey };
  return { key: waitingKey(id), firstAt: now, dueAt: now, count: 1, input, ...sealed };
}

function advanced(
  before: TriggerRecord,
  progress: TriggerProgress,
  fired: { readonly count: number; readonly at: number },
): TriggerRecord {
  const { error, ...kept } = before;
  const { error: given, ...moved } = withoutUndefined(progress);
  const shown = given === undefined ? error : (given ?? undefined);
  return {
    ...kept,
    ...moved,
    position: moved.position ?? before.position,
    failures: moved.failures ?? before.failures,
    ...(shown === undefined ? {} : { error: shown }),
    version: before.version + 1,
    fired: before.fired + fired.count,
    ...(fired.count > 0 ? { firedAt: fired.at } : {}),
  };
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
