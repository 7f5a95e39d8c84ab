// The reckoning once all is quiet: what is stored against what was promised, done and seen.
import { decodeErrorValue, decodeValue, isFinalStatus } from "@sluice/protocol";
import type { JournalEntry } from "@sluice/protocol";
import type { Engine } from "../../engine/engine.ts";
import type { RunRecord, RunStore } from "../../kernel/run-store.ts";
import { checkEvents } from "./check-events.suite.ts";
import { checkSchedules } from "./check-schedules.suite.ts";
import { checkUndos } from "./check-undos.suite.ts";
import type { Ledger } from "./ledger.suite.ts";
import type { Profile } from "./profile.suite.ts";
import type { Program } from "./program.suite.ts";
import { endOf } from "./recorder.suite.ts";
import type { Recorder } from "./recorder.suite.ts";
import { isMeant, meaningOf, poisoned } from "./reference.suite.ts";
import type { World } from "./world.suite.ts";

export interface Reckoning {
  readonly store: RunStore;
  readonly engine: Engine;
  readonly world: World;
  readonly ledger: Ledger;
  readonly recorder: Recorder;
  readonly programs: readonly Program[];
  readonly profile: Profile;
  /** How many runs ended how. */
  readonly ends: Map<string, number>;
}

/** A run with its whole journal, values loaded. */
export interface Reckoned {
  readonly run: RunRecord;
  readonly journal: readonly JournalEntry[];
}

export async function check(p: Reckoning): Promise<void> {
  const { runs } = await p.store.listRuns({ filter: {}, limit: 1_000_000 });
  const reckoned: Reckoned[] = [];
  for (const run of runs) {
    p.ends.set(run.status, (p.ends.get(run.status) ?? 0) + 1);
    const { entries } = await p.store.readJournal({ run: run.id, bytesMax: Number.MAX_SAFE_INTEGER });
    reckoned.push({ run, journal: await p.engine.values.loadEntries(entries) });
  }
  const byId = new Map(reckoned.map((each) => [each.run.id, each]));
  checkPromises(p, byId);
  for (const each of reckoned) {
    checkEnd(p, each);
    await checkMeaning(p, each);
    checkOrder(p, each);
    checkSleeps(p, each);
    checkUndos(p, each);
    await checkLog(p, each);
  }
  checkChildren(p, reckoned, byId);
  checkChains(p, reckoned, byId);
  checkFences(p, reckoned);
  await checkEvents(p, reckoned);
  await checkSchedules(p, reckoned);
  await checkLeftovers(p);
  const { held } = await p.store.stats();
  if (Object.keys(held).length > 0)
    throw new Error(`gates hold runs back though all have ended: ${JSON.stringify(held)}`);
  await checkSums(p);
}

/** Nothing acknowledged is lost, and a key stands for one run. */
function checkPromises({ ledger, recorder, world }: Reckoning, byId: ReadonlyMap<string, Reckoned>): void {
  for (const [id, promised] of ledger.acknowledged) {
    if (recorder.runs.get(id)?.deleted === true) continue;
    const run = byId.get(id)?.run;
    if (run === undefined) world.fail(`run ${id} was acknowledged and is lost`);
    else if (run.workflow !== promised.workflow || run.key !== promised.key)
      world.fail(
        `run ${id} was acknowledged for ${promised.workflow} ${promised.key} and is of ${run.workflow} ${run.key}`,
      );
  }
  const keys = new Set<string>();
  for (const { run } of byId.values()) {
    if (run.key === undefined) continue;
    const slot = `${run.workflow} ${run.key}`;
    if (keys.has(slot)) world.fail(`two runs have the key ${slot}`);
    keys.add(slot);
  }
}

function checkEnd({ recorder, world, ledger }: Reckoning, { run }: Reckoned): void {
  const model = recorder.runs.get(run.id);
  if (!isFinalStatus(run.status)) world.fail(`run ${run.id} is ${run.status} in the end`);
  if (model?.final !== run.status) world.fail(`run ${run.id} ended as ${model?.final} and is ${run.status}`);
  if (run.owner !== undefined) world.fail(`run ${run.id} has ended and still belongs to ${run.owner}`);
  ledger.told(run.id, endOf({ status: run.status as "completed", output: run.output, error: run.error }));
}

/** Where a program's result does not depend on chance or people, it is that result. */
async function checkMeaning({ programs, world, engine }: Reckoning, { run }: Reckoned): Promise<void> {
  const program = programs.find((each) => each.name === run.workflow);
  if (program === undefined) return;
  const meaning = meaningOf(program.root);
  if (run.continuedTo !== undefined) {
    if (run.status !== "completed" || run.output !== undefined)
      world.fail(`run ${run.id} went on and is ${run.status}`);
    return;
  }
  if (run.status === "completed") {
    const output = run.output === undefined ? undefined : decodeValue(await engine.values.load(run.output));
    if (meaning !== undefined && !("value" in meaning && isMeant(output, meaning.value)))
      world.fail(`run ${run.id} returned ${JSON.stringify(output)}, not ${JSON.stringify(meaning)}`);
  }
  const itself = run.reason === "cancelled_by_workflow";
  if (run.status === "failed" || itself) {
    const { message } =
      run.error === undefined ? { message: "" } : decodeErrorValue(await engine.values.load(run.error));
    const meant =
      meaning === undefined ||
      message.startsWith(poisoned) ||
      ("error" in meaning && message.startsWith(meaning.error) && itself === (meaning.cancels === true));
    if (!meant) world.fail(`run ${run.id} is ${run.status} with "${message}", not ${JSON.stringify(meaning)}`);
  }
}

/** Entries settled one after the other, each once. */
function checkOrder({ world }: Reckoning, { run, journal }: Reckoned): void {
  const places = new Set<number>();
  for (const { ord, seq, status } of journal) {
    const settled = status === "completed" || status === "failed";
    if (settled !== ord > 0) world.fail(`entry ${seq} of run ${run.id} is ${status} and has the place ${ord}`);
    if (ord > run.ord || (ord > 0 && places.has(ord)))
      world.fail(`entry ${seq} of run ${run.id} has the place ${ord} of another`);
    places.add(ord);
  }
}

/** No line is written twice, whatever was done again; an operator's retry may say things again. Attributes go with lines. */
async function checkLog({ store, world }: Reckoning, { run }: Reckoned): Promise<void> {
  const all = await store.listLogs({ run: run.id, after: 0, limit: 1_000_000 });
  // Every attempt of a task says that it begins.
  const lines = all.filter(({ message }) => !message.startsWith("task "));
  const last = run.attributes?.find(({ name }) => name === "last")?.value;
  const inherited = run.forkedFrom !== undefined || run.continuedFrom !== undefined;
  if (!inherited && (last === undefined ? lines.length > 0 : !lines.some(({ message }) => message === last)))
    world.fail(`run ${run.id} logged ${lines.length} lines and has the attribute ${String(last)}`);
  if (run.attempt > 1) return;
  const said = new Set<string>();
  for (const { message } of lines) {
    if (said.has(message)) world.fail(`run ${run.id} logged ${message} twice`);
    said.add(message);
  }
  if (run.forkedFrom !== undefined || run.status !== "completed") return;
  const { chunks } = await store.readStream({ run: run.id, after: 0, bytesMax: Number.MAX_SAFE_INTEGER });
  const streamed = chunks.map(({ value }) => String(decodeValue(value)));
  if (chunks.some(({ no }, at) => no !== at + 1) || streamed.toSorted().join() !== [...said].toSorted().join())
    world.fail(`run ${run.id} logged ${[...said].join()} and streamed ${streamed.join()}`);
}

function checkSleeps({ world, ledger }: Reckoning, { run, journal }: Reckoned): void {
  for (const { kind, seq, name, status, due, end } of journal) {
    if (kind !== "sleep" || status !== "completed" || due === undefined) continue;
    if (end < due) world.fail(`sleep ${seq} of run ${run.id} ended ${due - end} ms early`);
    const seenAt = ledger.firstSeen.get(`${run.id} ${name}`);
    if (seenAt !== undefined && seenAt < due && world.jumpedMs === 0)
      world.fail(`run ${run.id} went on after sleep ${name} ${due - seenAt} ms early`);
  }
}

/** What a call returned is what its child ended with; no child of a run outlives it. */
function checkChildren({ world }: Reckoning, all: readonly Reckoned[], byId: ReadonlyMap<string, Reckoned>): void {
  // What an operator ran again, and what that went on as, tells its parent nothing any more.
  const retried = new Set(all.filter(({ run }) => run.attempt > 1).map(({ run }) => run.chain ?? run.id));
  for (const { run: child } of all) {
    if (child.parent === undefined || child.parent.detached || child.continuedTo !== undefined) continue;
    if (retried.has(child.chain ?? child.id)) continue;
    const parent = byId.get(child.parent.run);
    const entry = parent?.journal.find((each) => each.seq === child.parent?.seq);
    if (parent === undefined || parent.run.attempt > 1 || entry === undefined) continue;
    if (entry.kind !== "call")
      world.fail(`child ${child.id} was called by entry ${entry.seq}, which is a ${entry.kind}`);
    if (entry.status !== "completed" && entry.status !== "failed") continue;
    if ((entry.status === "completed") !== (child.status === "completed"))
      world.fail(
        `entry ${entry.seq} of run ${parent.run.id} is ${entry.status} and its child ${child.id} ${child.status}`,
      );
  }
}

/** A run that went on did so as one other, and a run that another went on as is of one chain with it. */
function checkChains(
  { world, recorder }: Reckoning,
  all: readonly Reckoned[],
  byId: ReadonlyMap<string, Reckoned>,
): void {
  for (const { run } of all) {
    if (run.continuedTo !== undefined) {
      const next = byId.get(run.continuedTo)?.run;
      if (next === undefined && recorder.runs.get(run.continuedTo)?.deleted !== true)
        world.fail(`run ${run.id} went on as ${run.continuedTo}, which is lost`);
      if (next !== undefined && (next.continuedFrom !== run.id || next.chain !== run.chain))
        world.fail(`run ${next.id} is not the one that ${run.id} went on as`);
    }
    const before = run.continuedFrom === undefined ? undefined : byId.get(run.continuedFrom)?.run;
    if (before !== undefined && before.continuedTo !== run.id) world.fail(`two runs go on from ${before.id}`);
  }
}

/** No two holders of a lock ever had the same fence. */
function checkFences({ world }: Reckoning, all: readonly Reckoned[]): void {
  const seen = new Map<string, string>();
  for (const { run, journal } of all) {
    for (const { kind, name, status, value, end } of journal) {
      const copied = run.forkedFrom !== undefined && (end <= run.createdAt || world.jumpedMs > 0);
      if (kind !== "lock" || status !== "completed" || value === undefined || copied) continue;
      const slot = `${name} ${(decodeValue(value) as { readonly fence: number }).fence}`;
      const other = seen.get(slot);
      if (other !== undefined) world.fail(`runs ${other} and ${run.id} were both given lock ${slot}`);
      seen.set(slot, run.id);
    }
  }
}

/** Ended runs leave nothing behind: no timer, no claimable run, no question that is still open. */
async function checkLeftovers({ store, world, engine }: Reckoning): Promise<void> {
  const { ready, timers } = await store.stats();
  if (ready !== 0) world.fail(`${ready} runs can be claimed although all have ended`);
  if (timers !== 0) world.fail(`${timers} timers are set although all runs have ended`);
  const tasks = await store.listTasks({ limit: 1 });
  if (tasks.length > 0) world.fail(`task ${tasks[0]?.task} of run ${tasks[0]?.run} has not ended`);
  if (engine.tasks.waiting > 0)
    world.fail(`${engine.tasks.waiting} tasks wait for a worker although all runs have ended`);
  if (engine.hotRuns !== 0) world.fail(`the engine has ${engine.hotRuns} runs in memory although all have ended`);
  for (const kind of ["approval", "callback"] as const) {
    const open = await store.listTokens({ kind, status: "open", limit: 1 });
    if (open.length > 0) world.fail(`token ${open[0]?.token} of run ${open[0]?.run} is still open`);
  }
}

/** Every journaled addition to a counter happened, and once. */
async function checkSums({ store, recorder, world }: Reckoning): Promise<void> {
  for (const [slot, sum] of recorder.sums) {
    const at = slot.lastIndexOf("/");
    const scope = slot.slice(0, at);
    if (scope.startsWith("run:") && recorder.runs.get(scope.slice(4))?.deleted !== false) continue;
    const stored = await store.getState({ scope, key: slot.slice(at + 1), now: world.clock.now() });
    const found = stored === undefined ? undefined : decodeValue(stored.value);
    if (found !== sum) world.fail(`counter ${slot} is ${String(found)} after additions of ${sum}`);
  }
}
