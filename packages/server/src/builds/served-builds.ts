// Builds of workspaces as this server has them: each is a run, and what it consists of is read from its input and its journal.
import { randomBytes } from "node:crypto";
import { unwrap } from "@sluice/core";
import type { Actor, Engine, LogLine, RunRecord } from "@sluice/core";
import type { TaskOutcome } from "@sluice/core/builds";
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { BuildStatus, JournalEntry, RunStatus } from "@sluice/protocol";
import { buildWorkerPrefix, buildWorkflow, servedVersionPattern, settledVersion } from "./build-names.ts";
import { attachSettledBuilds } from "./settled-build.ts";

export interface PlannedTask {
  readonly id: string;
  readonly package: string;
  /** Of the package, from the root on. */
  readonly folder: string;
  readonly task: string;
  readonly command: string | null;
  readonly dependencies: readonly string[];
  readonly expectedMs: number | null;
}

/** What the run of a build is given. */
export interface ServedInput {
  readonly root: string;
  readonly machine: string;
  readonly tasks: readonly string[];
  readonly fingerprint: string;
  readonly plan: readonly PlannedTask[];
  readonly settled?: readonly TaskOutcome[] | undefined;
}

export interface ServedOutput {
  readonly status: "completed" | "failed" | "cancelled";
  readonly tasks: readonly TaskOutcome[];
}

/** What the run of a build says while it goes on. */
export interface ServedProgress {
  /** When each of those that are being executed began, by id. */
  readonly running: Readonly<Record<string, number>>;
  readonly done: number;
  readonly total: number;
}

/** A task of such a build as it stands. Times are milliseconds since 1970. */
export interface ServedTask extends PlannedTask {
  readonly status: BuildStatus | "skipped";
  readonly outcome: TaskOutcome | undefined;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/** Words that a task wrote are marked with it among the lines of the run. */
export interface TaskLine {
  readonly task: string;
  readonly cut?: boolean;
}

const nonceBytes = 8;
const fingerprintShown = 16;
const leftMax = 100;
/** Who began a build comes as its worker in this time. */
const connectMsMax = 10_000;
const journalBytesMax = 4 * 1024 * 1024;
const linesAtOnce = 1_000;
const unfinished = ["queued", "running", "waiting", "paused", "undoing"] as const;
const hitsStep = "take from the cache";

/** What begins builds: the engine, and who is connected. */
export interface BuildDesk {
  readonly engine: Engine;
  readonly by: Actor;
  readonly isConnected: (worker: string) => boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A run for this build: one that was cut off and builds the same from the same goes on; others of the folder are over. */
export async function beginServedBuild(
  desk: BuildDesk,
  input: ServedInput,
): Promise<{ readonly run: string; readonly version: string; readonly resumed: boolean }> {
  const { engine, by } = desk;
  // An engine of a server knows them, and brings their code up when it is needed.
  if (engine.deployments.workflow(buildWorkflow) === undefined) attachSettledBuilds(engine);
  const version = `build-1-${input.fingerprint.slice(0, fingerprintShown)}-`;
  if (input.settled === undefined) {
    const same = await leftBuild(desk, { input, version });
    if (same !== undefined) return { run: same.id, version: same.version, resumed: true };
  }
  const own = input.settled === undefined ? version + randomBytes(nonceBytes).toString("hex") : settledVersion;
  const { run } = unwrap(
    await engine.startRun({
      by,
      workflow: buildWorkflow,
      version: own,
      input: encodeValue(input),
      tags: [tagOf(input)],
    }),
  );
  return { run: run.id, version: own, resumed: false };
}

/** Tags have a limit: a long path is known by its end. */
function tagOf({ machine, root }: Pick<ServedInput, "machine" | "root">): string {
  const tag = `${machine}:${root}`;
  return tag.length <= tagCharsMax ? tag : tag.slice(-tagCharsMax);
}
const tagCharsMax = 128;

/** Of the builds of this folder whose worker is gone, the one that can go on; those that cannot are cancelled. */
async function leftBuild(
  { engine, by, isConnected, now }: BuildDesk,
  { input, version }: { readonly input: ServedInput; readonly version: string },
): Promise<RunRecord | undefined> {
  const { runs } = await engine.store.listRuns({
    filter: { workflow: buildWorkflow, status: unfinished, tag: tagOf(input) },
    limit: leftMax,
  });
  // One that has only begun has no worker yet, and will have one.
  const left = runs.filter(
    (run) =>
      servedVersionPattern.test(run.version) &&
      !isConnected(buildWorkerPrefix + run.id) &&
      (run.ord > 0 || now - run.createdAt > connectMsMax),
  );
  const same = left.find(
    (run) => run.version.startsWith(version) && (!run.blocked || run.reason === "version_unavailable"),
  );
  for (const { id } of left)
    if (id !== same?.id) await engine.operations.cancel({ by, run: id, reason: "What it builds from has changed." });
  return same;
}

/** What the run of a build was given, and what came of it. */
export async function readServedBuild(
  engine: Engine,
  run: RunRecord,
): Promise<{ readonly input: ServedInput; readonly output: ServedOutput | undefined }> {
  const input = decodeValue(await engine.values.load(run.input)) as ServedInput;
  const output =
    run.output === undefined ? undefined : (decodeValue(await engine.values.load(run.output)) as ServedOutput);
  return { input, output };
}

export async function progressOf(engine: Engine, { progress }: RunRecord): Promise<ServedProgress | undefined> {
  return progress === undefined ? undefined : (decodeValue(await engine.values.load(progress)) as ServedProgress);
}

/** How such a build stands, in the words of builds. */
export function servedStatus(status: RunStatus, output: ServedOutput | undefined): BuildStatus {
  if (status === "completed") return output?.status ?? "completed";
  if (status === "failed" || status === "timedout") return "failed";
  return status === "cancelled" || status === "queued" ? status : "running";
}

/** Runs that may stand as such a build does. */
export function runStatusesOf(status: BuildStatus): readonly RunStatus[] {
  if (status === "queued") return ["queued"];
  if (status === "running") return ["running", "waiting", "paused", "undoing"];
  return status === "completed" ? ["completed"] : ["completed", "failed", "timedout", "cancelled"];
}

/** Its tasks in the order of the graph. */
export async function servedTasks(engine: Engine, run: RunRecord): Promise<readonly ServedTask[]> {
  const { input, output } = await readServedBuild(engine, run);
  const entries = await stepsOf(engine, run.id);
  const outcomes = new Map<string, TaskOutcome>();
  const steps = new Map<string, JournalEntry>();
  for (const entry of entries) {
    const value = entry.value === undefined ? undefined : decodeValue(entry.value);
    if (entry.name === hitsStep) for (const each of (value ?? []) as TaskOutcome[]) outcomes.set(each.id, each);
    else {
      steps.set(entry.name, entry);
      if (value !== undefined) outcomes.set(entry.name, value as TaskOutcome);
    }
  }
  for (const each of output?.tasks ?? []) outcomes.set(each.id, each);
  const isOver = run.endedAt !== undefined;
  const progress = isOver ? undefined : await progressOf(engine, run);
  return input.plan.map((task) => {
    const outcome = outcomes.get(task.id);
    const step = steps.get(task.id);
    const runningSince = progress?.running[task.id];
    const status = outcome?.status ?? (isOver ? "cancelled" : runningSince === undefined ? "queued" : "running");
    const startedAt = outcome?.startedAtMs ?? runningSince ?? step?.at ?? null;
    return { ...task, status, outcome, startedAt, endedAt: endOf(outcome, step) };
  });
}

/** A hit among the first ones has no step of its own. */
function endOf(outcome: TaskOutcome | undefined, step: JournalEntry | undefined): number | null {
  if (outcome?.startedAtMs !== undefined) return outcome.startedAtMs + outcome.durationMs;
  return step === undefined || step.end === 0 ? null : step.end;
}

async function stepsOf(engine: Engine, run: string): Promise<readonly JournalEntry[]> {
  const entries: JournalEntry[] = [];
  let from: Parameters<Engine["store"]["readJournal"]>[0]["from"];
  do {
    const piece = await engine.store.readJournal({ run, from, bytesMax: journalBytesMax });
    entries.push(...(await engine.values.loadEntries(piece.entries)));
    from = piece.next;
  } while (from !== undefined);
  return entries.filter(({ kind }) => kind === "step");
}

/** What one task wrote, as far as it was told. */
export async function servedLog(
  engine: Engine,
  run: string,
  task: string,
): Promise<{ readonly lines: readonly { readonly at: number; readonly text: string }[]; readonly cut: boolean }> {
  const lines: { readonly at: number; readonly text: string }[] = [];
  let [after, cut] = [0, false];
  for (;;) {
    const page: readonly LogLine[] = await engine.store.listLogs({ run, after, limit: linesAtOnce });
    for (const stored of page) {
      const { at, message, data } = await engine.values.loadLine(stored);
      const about = data === undefined ? undefined : (decodeValue(data) as Partial<TaskLine> | null);
      if (about?.task !== task) continue;
      if (about.cut === true) cut = true;
      else lines.push({ at, text: message });
    }
    if (page.length < linesAtOnce) return { lines, cut };
    after = page.at(-1)?.line ?? after;
  }
}
