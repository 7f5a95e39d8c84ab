// The verbs that carry runs between the store and the engines: created, claimed, parked, released, recovered.
import { isFinalStatus } from "@sluice/protocol";
import type { ClaimedRun, CreateOutcome, Effects, RunRecord, RunStore } from "../../kernel/run-store.ts";
import { Change } from "./change.ts";
import { insertFork, insertRun, type Inserted, type Start } from "./creation.ts";
import { readiness, runFlags, type Run } from "./run-row.ts";
import type { Tables } from "./tables.ts";

type Params<Verb extends keyof RunStore> = Parameters<RunStore[Verb]>[0];

/** What the writer answers to a creation; the caller knows the rest of the record. */
export type Created =
  | {
      readonly outcome: "created";
      readonly owner: string | null;
      readonly delayed: boolean;
      readonly effects?: Effects;
      /** Where it is not just as its caller asked for it. */
      readonly run?: RunRecord;
    }
  | { readonly outcome: "existing" | "conflict" | "id_taken"; readonly run: RunRecord }
  | Extract<CreateOutcome, { readonly outcome: "joined" | "rate_limited" | "queue_full" }>;

export function createRun(t: Tables, p: Start): Created {
  const cx = new Change(t, p.now);
  return created(cx, insertRun(cx, p));
}

export type Forked =
  | Exclude<Created, { outcome: "created" }>
  | { outcome: "created"; run: RunRecord; effects: Effects };

export function forkRun(t: Tables, p: Params<"forkRun">): Forked | { outcome: "not_found" } {
  const cx = new Change(t, p.now);
  const inserted = insertFork(cx, p);
  if (inserted.outcome === "not_found") return inserted;
  const answer = created(cx, inserted);
  if (answer.outcome !== "created" || inserted.outcome !== "created")
    return answer as Exclude<Created, { outcome: "created" }>;
  return { outcome: "created", run: t.runs.recordOf(inserted.run), effects: cx.effects() };
}

function created(cx: Change, inserted: Inserted): Created {
  if (inserted.outcome === "created") {
    const { run, delayed } = inserted;
    if (run.ready === readiness.claimable) cx.ready++;
    const effects = cx.effectsOrNothing();
    const own = (run.flags & runFlags.flow) === 0 ? {} : { run: cx.t.runs.recordOf(run) };
    return { outcome: "created", owner: run.owner, delayed, ...own, ...(effects === undefined ? {} : { effects }) };
  }
  if (inserted.outcome === "rate_limited" || inserted.outcome === "queue_full") return inserted;
  if (inserted.outcome === "joined") {
    const effects = cx.effects();
    const run = cx.t.runs.record(inserted.id);
    if (run === undefined) throw new Error(`the run ${inserted.id} that was joined is not there`);
    return { outcome: "joined", how: inserted.how, run, effects };
  }
  const run = cx.t.runs.record(inserted.id);
  if (run === undefined) throw new Error(`the run ${inserted.id} that has the key is not there`);
  return { outcome: inserted.outcome, run };
}

export function claimRuns(t: Tables, p: Params<"claimRuns">): readonly ClaimedRun[] {
  t.runs.now = p.now;
  if (t.flow.active) return claimInTurn(t, p);
  return t.runs.ready(p.limit).map((id) => claim(t, p, id));
}

/** The same where runs wait in lines. */
function claimInTurn(t: Tables, p: Params<"claimRuns">): readonly ClaimedRun[] {
  const claimed: ClaimedRun[] = [];
  const plain = t.runs.readyRanks(p.limit);
  let at = 0;
  t.flow.beginTurns();
  while (claimed.length < p.limit) {
    const next = t.flow.next(plain[at]?.rank, p.now);
    if (next === undefined) break;
    const id = next === "plain" ? plain[at++]?.id : next.run;
    if (id === undefined) throw new Error("there is no run without gates left");
    claimed.push(claim(t, p, id));
  }
  return claimed;
}

function claim(t: Tables, p: Params<"claimRuns">, id: string): ClaimedRun {
  const run = t.runs.get(id);
  if (run === undefined) throw new Error(`the ready run ${id} is not there`);
  run.ready = readiness.no;
  run.owner = p.owner;
  run.epoch++;
  run.startedAt ??= p.now;
  run.status = run.outcome === null ? "running" : "undoing";
  run.reason = null;
  t.runs.save(run);
  const { entries, next } = t.journal.read({ run: id, bytesMax: p.journalBytesMax });
  return { run: t.runs.recordOf(run), journal: entries, ...(next === undefined ? {} : { next }) };
}

export function parkRun(t: Tables, p: Params<"parkRun">): { outcome: "parked" | "ready" | "stale"; effects?: Effects } {
  const run = hot(t, p);
  if (run === undefined) return { outcome: "stale" };
  const cx = new Change(t, p.now);
  const outcome = park(cx, run, p.paused === true);
  // The run itself is what the outcome says.
  if (outcome === "ready" && run.ready === readiness.claimable) cx.ready--;
  const effects = cx.effectsOrNothing();
  return effects === undefined ? { outcome } : { outcome, effects };
}

function park(cx: Change, run: Run, stopped: boolean): "parked" | "ready" {
  const status = run.status;
  cx.disown(run);
  if (status === "undoing") {
    run.pause = 0;
    if (cx.t.waits.hasOpenRetry(run.id)) return "parked";
    cx.makeReady(run);
    return "ready";
  }
  if (run.cancel !== null) {
    // Its delivery and the parking crossed each other; whoever claims the run next ends it.
    cx.makeReady(run);
    return "ready";
  }
  if (run.pause === 1) {
    pauseParked(run);
    return "parked";
  }
  // One that has stopped for a pause which was taken back meanwhile goes on.
  if (status === "waiting" && !stopped) return "parked";
  cx.makeReady(run);
  return "ready";
}

function pauseParked(run: Run): void {
  run.status = "paused";
  run.reason = "paused_by_user";
  run.pause = 0;
}

/** The run when this incarnation of it is the current one. */
function hot(t: Tables, p: { readonly run: string; readonly epoch: number }): Run | undefined {
  const run = t.runs.get(p.run);
  return run === undefined || run.owner === null || run.epoch !== p.epoch || isFinalStatus(run.status)
    ? undefined
    : run;
}

export function releaseRuns(t: Tables, p: Params<"releaseRuns">): { released: RunRecord[]; effects: Effects } {
  const cx = new Change(t, p.now);
  const released: RunRecord[] = [];
  for (const item of p.runs) {
    const run = hot(t, item);
    if (run === undefined) continue;
    if (p.crashed) run.crashes++;
    cx.disown(run);
    giveBack(cx, run);
    released.push(t.runs.recordOf(run));
  }
  return { released, effects: cx.effects() };
}

/** A run without owner waits to be claimed again, or stays paused where that was wanted. */
function giveBack(cx: Change, run: Run): void {
  if (run.pause === 1 && run.status !== "undoing" && run.cancel === null) pauseParked(run);
  else cx.makeReady(run);
  run.pause = 0;
}

export function recover(t: Tables, p: Params<"recover">): { recovered: number; effects: Effects } {
  const cx = new Change(t, p.now);
  const owned = t.runs.ownedByOthers(p.owner);
  for (const id of owned) {
    const run = t.runs.get(id);
    if (run === undefined) throw new Error(`the owned run ${id} is not there`);
    const idle = run.status === "waiting" && run.pause === 0 && run.cancel === null;
    cx.disown(run);
    if (!idle) giveBack(cx, run);
  }
  return { recovered: owned.length, effects: cx.effects() };
}
