// What each verb of the trigger port that changes something does to the tables.
import type { Actor, NewRun, RunRecord } from "../../../kernel/run-store.ts";
import type { AdvanceOutcome, HeldStart, TriggerStore, TriggerWriteVerb } from "../../../kernel/trigger-store.ts";
import { refusedToo, waitingKey } from "../../refused-starts.ts";
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
        for (const { key } of t.triggers.held(id, Number.MAX_SAFE_INTEGER)) t.blobs.release(blobOwners.held(id, key));
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
  for (const { key, mark, expiresAt, held, sealed, run } of p.occurrences) {
    const known = key === undefined ? undefined : triggers.mark(trigger, key);
    if (known !== undefined && known.mark === mark) {
      duplicates++;
      continue;
    }
    const inserted = insertRun(cx, { by, run, now });
    if (inserted.outcome === "rate_limited" || inserted.outcome === "queue_full") {
      refused = refusedToo(refused, inserted, now);
      if (sealed === true) continue;
      if (held === undefined) hold(cx, trigger, waiting(run, now));
      if (key !== undefined) triggers.putMark(trigger, { key, mark, at: now, expiresAt });
      continue;
    }
    if (held !== undefined) release(cx, trigger, held);
    if (inserted.outcome === "created") {
      if (inserted.run.ready === readiness.claimable) cx.ready++;
      created.push(runs.recordOf(inserted.run));
    } else duplicates++;
    const led = inserted.outcome === "created" ? run.id : "id" in inserted ? inserted.id : undefined;
    if (key !== undefined && led !== undefined) triggers.putMark(trigger, { key, mark, run: led, at: now, expiresAt });
  }
  for (const mark of p.marks ?? []) triggers.putMark(trigger, { ...mark, at: now });
  for (const key of p.forget ?? []) triggers.forget(trigger, key);
  for (const key of p.release ?? []) release(cx, trigger, key);
  for (const held of p.hold ?? []) hold(cx, trigger, held);
  triggers.save(before, p.progress ?? {}, { count: created.length, at: now });
  const after = triggers.get(trigger);
  if (after === undefined) throw new Error(`the trigger ${trigger} is gone`);
  const turned = refused === undefined ? {} : { refused };
  return { outcome: "ok", trigger: after, created, duplicates, ...turned, effects: cx.effects() };
}

function release({ t }: Change, trigger: string, key: string): void {
  t.triggers.release(trigger, key);
  t.blobs.release(blobOwners.held(trigger, key));
}

function hold({ t }: Change, trigger: string, held: HeldStart): void {
  t.triggers.hold(trigger, held);
  t.blobs.release(blobOwners.held(trigger, held.key));
  t.blobs.note(blobOwners.held(trigger, held.key), held.input);
}

/** What a limit turned away is due from now on. */
function waiting({ id, input }: NewRun, now: number): HeldStart {
  return { key: waitingKey(id), firstAt: now, dueAt: now, count: 1, input };
}
