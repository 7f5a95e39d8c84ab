// What each verb of the trigger port that changes something does to the tables.
import type { Actor, NewRun, RunRecord } from "../../../kernel/run-store.ts";
import type {
  AdvanceOutcome,
  HeldStart,
  Occurrence,
  TriggerStore,
  TriggerWriteVerb,
} from "../../../kernel/trigger-store.ts";
import { isRefusal, refusedToo, waitingKey } from "../../refused-starts.ts";
import type { Refusals } from "../../refused-starts.ts";
import { blobOwners } from "../blob-refs.ts";
import { Change } from "../change.ts";
import { insertRun } from "../creation.ts";
import { readiness } from "../run-row.ts";
import type { Tables } from "../tables.ts";

type Params<Verb extends TriggerWriteVerb> = Parameters<TriggerStore[Verb]>[0];
type Answer<Verb extends TriggerWriteVerb> = Awaited<ReturnType<TriggerStore[Verb]>>;

export const triggerVerbs: { readonly [Verb in TriggerWriteVerb]: (t: Tables, p: Params<Verb>) => Answer<Verb> } = {
  putTriggers(t, p) {
    const kept = new Set(p.triggers.map(({ id }) => id));
    for (const workflow of p.workflows) {
      for (const id of t.triggers.idsOf(workflow)) {
        if (kept.has(id)) continue;
        for (const { key } of t.triggers.held(id, Number.MAX_SAFE_INTEGER)) letGo(t, id, key);
        t.triggers.delete(id);
      }
    }
    for (const trigger of p.triggers) t.triggers.put(trigger);
    return t.triggers.list();
  },

  setTriggerPaused({ triggers }, p) {
    const before = triggers.get(p.trigger);
    if (before !== undefined && before.paused !== p.paused) triggers.setPaused(p.trigger, p.paused);
    return triggers.get(p.trigger);
  },

  advanceTrigger: (t, p) => advance(new Change(t, p.now), p),

  recordDelivery({ deliveries, triggers }, { delivery, mark }) {
    deliveries.insert(delivery);
    if (mark !== undefined) triggers.putMark(delivery.trigger, { ...mark, at: delivery.at });
  },

  sweepTriggers({ deliveries, triggers }, p) {
    const expired = triggers.expired(p.now, p.limit);
    for (const { trigger, key } of expired) triggers.forget(trigger, key);
    const rest = { before: p.deliveriesBefore, keep: p.keep, limit: p.limit - expired.length };
    return { swept: expired.length + (rest.limit > 0 ? deliveries.sweep(rest) : 0) };
  },
};

function advance(cx: Change, p: Params<"advanceTrigger">): AdvanceOutcome {
  const { triggers, runs } = cx.t;
  const { trigger, now } = p;
  const before = triggers.get(trigger);
  if (before === undefined || before.paused || before.version !== p.expect) return { outcome: "stale" };
  const by: Actor = { kind: "trigger", id: trigger };
  const created: RunRecord[] = [];
  let duplicates = 0;
  let refused: Refusals | undefined;
  for (const occurrence of p.occurrences) {
    const { key, mark, expiresAt, held, run } = occurrence;
    if (isGone(cx.t, trigger, occurrence)) continue;
    const known = key === undefined ? undefined : triggers.mark(trigger, key);
    if (known !== undefined && known.mark === mark) {
      duplicates++;
      continue;
    }
    const inserted = insertRun(cx, { by, run, now });
    if (isRefusal(inserted)) {
      refused = refusedToo(refused, inserted, now);
      if (held === undefined) hold(cx.t, trigger, { held: waiting(run, now), now });
      if (key !== undefined) triggers.putMark(trigger, { key, mark, at: now, expiresAt });
      continue;
    }
    if (held !== undefined) letGo(cx.t, trigger, held);
    if (inserted.outcome === "created") {
      if (inserted.run.ready === readiness.claimable) cx.ready++;
      created.push(runs.recordOf(inserted.run));
    } else duplicates++;
    const led = inserted.outcome === "created" ? run.id : "id" in inserted ? inserted.id : undefined;
    if (key !== undefined && led !== undefined) triggers.putMark(trigger, { key, mark, run: led, at: now, expiresAt });
  }
  for (const mark of p.marks ?? []) triggers.putMark(trigger, { ...mark, at: now });
  for (const key of p.forget ?? []) triggers.forget(trigger, key);
  for (const key of p.release ?? []) letGo(cx.t, trigger, key);
  for (const held of p.hold ?? []) hold(cx.t, trigger, { held, now });
  triggers.save(before, p.progress ?? {}, { count: created.length, at: now });
  const after = triggers.get(trigger);
  if (after === undefined) throw new Error(`the trigger ${trigger} is gone`);
  const turned = refused === undefined ? {} : { refused };
  return { outcome: "ok", trigger: after, created, duplicates, ...turned, effects: cx.effects() };
}

/** True for one that was let go meanwhile: what it was sealed with is erased. */
function isGone(t: Tables, trigger: string, { held, run }: Occurrence): boolean {
  return held !== undefined && run.payloadKey !== undefined && t.triggers.heldUnder(trigger, [held]).length === 0;
}

/** What a limit turned away is due from now on. */
function waiting({ id, input, payloadKey, newKey }: NewRun, now: number): HeldStart {
  const sealed = payloadKey === undefined ? {} : { run: id, payloadKey, newKey };
  return { key: waitingKey(id), firstAt: now, dueAt: now, count: 1, input, ...sealed };
}

interface Holding {
  readonly held: HeldStart;
  readonly now: number;
}

/** Holds a start, in the place of what was held under its key. */
export function hold(t: Tables, trigger: string, { held, now }: Holding): void {
  const before = t.triggers.heldUnder(trigger, [held.key])[0]?.payloadKey;
  if (held.payloadKey !== undefined && held.newKey !== undefined) t.payloadKeys.put(held.payloadKey, held.newKey, now);
  t.triggers.hold(trigger, held);
  if (before !== undefined && before !== held.payloadKey) t.payloadKeys.release(before);
  t.blobs.release(blobOwners.held(trigger, held.key));
  t.blobs.note(blobOwners.held(trigger, held.key), held.input);
}

/** Lets a held start go; its data key stays where its run has it. */
export function letGo(t: Tables, trigger: string, key: string): void {
  const payloadKey = t.triggers.heldUnder(trigger, [key])[0]?.payloadKey;
  t.triggers.release(trigger, key);
  if (payloadKey !== undefined) t.payloadKeys.release(payloadKey);
  t.blobs.release(blobOwners.held(trigger, key));
}
