// Builds as clients see them, those that a worker executes and those of workspaces, in one list.
import { hostname } from "node:os";
import { unwrap } from "@sluice/core";
import type { BuildRecord, Engine, RunRecord } from "@sluice/core";
import type { TaskOutcome } from "@sluice/core/builds";
import { decodeValue, valueToJson } from "@sluice/protocol";
import type { BuildStatus } from "@sluice/protocol";
import { buildWorkflow } from "../builds/build-names.ts";
import { progressOf, readServedBuild, runStatusesOf, servedStatus } from "../builds/served-builds.ts";
import type { ServedInput, ServedOutput, ServedTask } from "../builds/served-builds.ts";
import type { Call } from "../call.ts";
import { refuse } from "../fields.ts";

export function shownBuild(build: BuildRecord): object {
  const { end } = build;
  const json = (bytes: Uint8Array | undefined): unknown =>
    bytes === undefined ? null : valueToJson(decodeValue(bytes));
  return {
    id: build.id,
    kind: "command",
    root: null,
    machine: null,
    here: false,
    cache: null,
    target: build.target,
    status: build.status,
    options: json(build.options),
    on: { capabilities: build.on.capabilities, labels: build.on.labels, runtime: build.on.runtime ?? null },
    worker: build.worker ?? null,
    epoch: build.epoch,
    cancelling: build.cancelling,
    createdAt: build.createdAt,
    startedAt: build.startedAt ?? null,
    endedAt: build.endedAt ?? null,
    done: build.done ?? null,
    total: build.total ?? null,
    message: build.message ?? null,
    exitCode: end?.exitCode ?? null,
    error: end?.error ?? null,
    output: json(end?.output),
    artifacts: end?.artifacts === undefined ? [] : json(end.artifacts),
    durationMs: end?.durationMs ?? null,
    outputBytes: build.outputBytes,
    outputBytesSeen: build.outputBytesSeen,
  };
}

/** A build of a workspace in the same form; its tasks are a list of their own. */
export async function shownServed(engine: Engine, run: RunRecord): Promise<object> {
  const { input, output } = await readServedBuild(engine, run);
  const progress = await progressOf(engine, run);
  const { startedAt, endedAt } = run;
  const isOver = endedAt !== undefined;
  const total = input.plan.length;
  return {
    id: run.id,
    kind: "workspace",
    root: input.root,
    machine: input.machine,
    here: input.machine === hostname(),
    cache: output === undefined ? null : cacheUse(output, input),
    target: input.tasks.join(" "),
    status: servedStatus(run.status, output),
    options: null,
    on: { capabilities: [], labels: [], runtime: null },
    worker: null,
    epoch: run.epoch,
    cancelling: run.cancel !== undefined && !isOver,
    createdAt: run.createdAt,
    startedAt: startedAt ?? null,
    endedAt: endedAt ?? null,
    done: output === undefined ? (progress?.done ?? 0) : output.tasks.filter(isDone).length,
    total,
    message: messageOf(run),
    exitCode: null,
    error: null,
    output: null,
    artifacts: [],
    durationMs: startedAt === undefined || endedAt === undefined ? null : endedAt - startedAt,
    outputBytes: 0,
    outputBytesSeen: 0,
  };
}

function isDone({ status }: ServedOutput["tasks"][number]): boolean {
  return status === "completed" || status === "failed";
}

function cacheUse({ tasks }: ServedOutput, { plan }: ServedInput): object {
  const expected = new Map(plan.map(({ id, expectedMs }) => [id, expectedMs]));
  const hits = tasks.filter(({ cache }) => cache === "hit");
  const executed = tasks.filter(({ cache, status }) => (cache === "miss" || cache === "off") && status !== "skipped");
  const savedMs = hits.reduce((sum, each) => sum + sparedMs(each, expected.get(each.id)), 0);
  return { hits: hits.length, executed: executed.length, savedMs };
}

/** Of what was in place already nobody knows how long it took, but how long the task takes. */
function sparedMs({ savedMs }: TaskOutcome, expectedMs: number | null | undefined): number {
  return savedMs > 0 ? savedMs : (expectedMs ?? 0);
}

/** What people have to know about one that does not go on by itself. */
function messageOf({ status, reason, cancel }: RunRecord): string | null {
  if (status === "waiting" && reason === "version_unavailable")
    return "Nobody carries it out: the same build, begun again where its workspace is, goes on with it.";
  return cancel?.message ?? null;
}

/** A build that a worker executes, as the one task that it is. */
export function shownTask({ id, target, status, worker, epoch, startedAt, endedAt, end }: BuildRecord): object {
  return {
    id,
    target,
    status,
    worker: worker ?? null,
    epoch,
    package: null,
    folder: null,
    command: null,
    dependencies: [],
    expectedMs: null,
    cache: null,
    hash: null,
    startedAt: startedAt ?? null,
    endedAt: endedAt ?? null,
    durationMs: end?.durationMs ?? null,
    savedMs: null,
    exitCode: end?.exitCode ?? null,
    why: end?.error?.message ?? null,
    reasons: null,
  };
}

export function shownServedTask(task: ServedTask, { epoch }: RunRecord): object {
  const { id, outcome, status, startedAt, endedAt, dependencies, expectedMs, command } = task;
  return {
    id,
    target: task.task,
    status,
    worker: null,
    epoch,
    package: task.package,
    folder: task.folder,
    command,
    dependencies,
    expectedMs,
    cache: outcome?.cache ?? null,
    hash: outcome === undefined || outcome.hash === "" ? null : outcome.hash,
    startedAt,
    endedAt,
    durationMs: outcome?.durationMs ?? null,
    savedMs: outcome?.cache === "hit" ? sparedMs(outcome, expectedMs) : null,
    exitCode: outcome?.exitCode ?? null,
    why: outcome?.why ?? null,
    reasons: outcome?.reasons ?? null,
  };
}

interface PageWish {
  readonly status: BuildStatus | undefined;
  readonly kind: "command" | "workspace" | undefined;
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** Where a page of either list begins; null: it has come to its end. */
interface Places {
  readonly runs: string | null | undefined;
  readonly builds: string | null | undefined;
}

interface Listed {
  readonly createdAt: number;
  readonly shown: () => Promise<object>;
}

/** Both kinds, newest first: so many of each are read as a page may hold, and those that did not fit are read again. */
export async function buildsPage(
  call: Call,
  { status, kind, limit, cursor }: PageWish,
): Promise<{ readonly builds: readonly object[]; readonly nextCursor: string | null }> {
  const { engine, parts } = call;
  const given = placesOf(cursor);
  const from: Places = {
    runs: kind === "command" ? null : given.runs,
    builds: kind === "workspace" ? null : given.builds,
  };
  const to = parts.clock.now() + 1;
  const filter = { workflow: buildWorkflow, to, ...(status === undefined ? {} : { status: runStatusesOf(status) }) };
  const readRuns = async (count: number) =>
    from.runs === null || count === 0
      ? { runs: [], next: from.runs ?? undefined }
      : engine.store.listRuns({ filter, limit: count, cursor: from.runs });
  const readBuilds = async (count: number) =>
    from.builds === null || count === 0
      ? { builds: [], next: from.builds ?? undefined }
      : parts.store.builds.listBuilds({ status, limit: count, cursor: from.builds });
  const [runs, builds] = await Promise.all([readRuns(limit), readBuilds(limit)]);
  const ofRuns = runs.runs.map((run): Listed => ({
    createdAt: run.createdAt,
    shown: () => shownServed(engine, run),
  }));
  const ofBuilds = builds.builds.map((build): Listed => ({
    createdAt: build.createdAt,
    shown: async () => shownBuild(build),
  }));
  const page = [...ofRuns, ...ofBuilds].toSorted((a, b) => b.createdAt - a.createdAt).slice(0, limit);
  const taken = (of: readonly Listed[]): number => of.filter((each) => page.includes(each)).length;
  const next: Places = {
    runs: await after(readRuns, { read: ofRuns.length, taken: taken(ofRuns), from: from.runs, next: runs.next }),
    builds: await after(readBuilds, {
      read: ofBuilds.length,
      taken: taken(ofBuilds),
      from: from.builds,
      next: builds.next,
    }),
  };
  const shown = (await Promise.all(page.map((each) => each.shown()))) as { readonly status: string }[];
  const isEnd = next.runs === null && next.builds === null;
  return {
    builds: status === undefined ? shown : shown.filter((each) => each.status === status),
    nextCursor: isEnd
      ? null
      : Buffer.from(JSON.stringify([placeIn(next.runs), placeIn(next.builds)])).toString("base64url"),
  };
}

/** Where the next page begins in one of the lists; null: at its end. */
async function after(
  again: (count: number) => Promise<{ readonly next?: string | undefined }>,
  p: {
    readonly read: number;
    readonly taken: number;
    readonly from: string | null | undefined;
    readonly next: string | undefined;
  },
): Promise<string | null | undefined> {
  if (p.from === null) return null;
  if (p.taken === p.read) return p.next ?? null;
  return p.taken === 0 ? p.from : ((await again(p.taken)).next ?? null);
}

/** Throws `invalid_filter` for what no page gave out. */
function placesOf(cursor: string | undefined): Places {
  if (cursor === undefined) return { runs: undefined, builds: undefined };
  const [runs, builds] = placesIn(Buffer.from(cursor, "base64url").toString("utf8"));
  return { runs: runs === 0 ? undefined : runs, builds: builds === 0 ? undefined : builds };
}

/** 0: its beginning. */
type Place = string | null | 0;

function placeIn(place: string | null | undefined): Place {
  return place === undefined ? 0 : place;
}

function placesIn(text: string): readonly [Place, Place] {
  const isPlace = (value: unknown): value is Place => value === null || value === 0 || typeof value === "string";
  try {
    const [runs, builds] = JSON.parse(text) as readonly unknown[];
    if (isPlace(runs) && isPlace(builds)) return [runs, builds];
  } catch {
    // What is no JSON is refused as what is no cursor.
  }
  return refuse("invalid_filter", "The cursor is not one of this list.", "Pass nextCursor of the page before.");
}

/** Waits until a build of a workspace has ended, so long at most. */
export async function servedEnd(call: Call, run: string, waitMs: number): Promise<void> {
  const { clock, closing } = call.parts;
  call.mayIdle(waitMs);
  const stop = new AbortController();
  const giveUp = (): void => stop.abort();
  const cancel = clock.after(waitMs, giveUp);
  const unlisten = call.onEnded(giveUp);
  for (const signal of [call.request.signal, closing]) signal.addEventListener("abort", giveUp, { once: true });
  try {
    unwrap(await call.engine.ended(run, stop.signal));
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    cancel();
    unlisten();
    closing.removeEventListener("abort", giveUp);
  }
}
