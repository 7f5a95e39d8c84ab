// The rows of the timeline, made of journals: steps in call order, undos below what they undo, child runs below the call
// that started them, and loops folded into one row.
import { inCallOrder, undoneBy } from "./journal.ts";
import type { Journal } from "./journal.ts";
import { beganAt, stateOf, undoneSteps, worstOf } from "./step-state.ts";
import type { EntryState, ListedRun, Step } from "./words.ts";

/** What is known of one run. */
export interface RunJournal {
  readonly journal: Journal;
  /** Runs it started. */
  readonly children: readonly ListedRun[];
}

interface RowBase {
  /** The same for the same thing, however often rows are made. */
  readonly key: string;
  readonly depth: number;
  /** Run whose journal it is of. */
  readonly run: string;
  readonly state: EntryState;
  /** Milliseconds since 1970. */
  readonly from: number;
  /** Null while it goes on. */
  readonly to: number | null;
  /** Whether what is inside is shown; undefined where there is nothing inside. */
  readonly open: boolean | undefined;
}
export interface StepRow extends RowBase {
  readonly type: "step";
  readonly step: Step;
  /** The run it started. */
  readonly child: ListedRun | undefined;
}
export interface LoopRow extends RowBase {
  readonly type: "loop";
  readonly name: string;
  readonly kind: Step["kind"];
  readonly steps: readonly Step[];
  readonly failed: number;
}
/** What is inside of a child run is still being read. */
interface PendingRow extends RowBase {
  readonly type: "pending";
}
export type TimelineRow = StepRow | LoopRow | PendingRow;

/** Steps of one name are a loop from this many on. */
export const loopStepsMin = 12;
const depthMax = 12;

interface RowsParts {
  /** The run whose timeline it is. */
  readonly root: string;
  readonly journals: ReadonlyMap<string, RunJournal>;
  /** Keys of rows whose inside is shown. */
  readonly open: ReadonlySet<string>;
  readonly foldLoops: boolean;
}

/** `item 17` and `item 18` are one loop. */
export function patternOf(name: string): string {
  return name.replaceAll(/\d+/g, "#");
}

export function timelineRows(parts: RowsParts): readonly TimelineRow[] {
  const rows: TimelineRow[] = [];
  addRun(parts, { run: parts.root, depth: 0, rows });
  return rows;
}

interface Place {
  readonly run: string;
  readonly depth: number;
  readonly rows: TimelineRow[];
}

function addRun(parts: RowsParts, place: Place): void {
  const known = parts.journals.get(place.run);
  if (known === undefined) return;
  const steps = inCallOrder(known.journal);
  const undone = undoneSteps(steps);
  const loops = parts.foldLoops ? loopsOf(steps) : new Map<string, Step[]>();
  const seen = new Set<string>();
  // Runs that were started again after a retry: the last one is the one that counts.
  const children = new Map(
    known.children.toSorted((a, b) => a.createdAt - b.createdAt).map((child) => [child.parentStep, child]),
  );
  for (const step of steps) {
    const pattern = loopKey(step);
    const loop = step.seq < 0 ? undefined : loops.get(pattern);
    const one = { step, undone, child: children.get(step.seq) };
    if (loop === undefined) {
      addStep(parts, place, one);
      continue;
    }
    if (seen.has(pattern)) continue;
    seen.add(pattern);
    const row = loopRow(loop, { place, undone, open: parts.open });
    place.rows.push(row);
    if (row.open !== true) continue;
    const inside = { ...place, depth: place.depth + 1 };
    for (const each of loop) addStep(parts, inside, { step: each, undone, child: children.get(each.seq) });
  }
}

function loopKey({ kind, name }: Step): string {
  return `${kind} ${patternOf(name)}`;
}

function loopsOf(steps: readonly Step[]): Map<string, Step[]> {
  const found = new Map<string, Step[]>();
  for (const step of steps) {
    if (step.seq < 0) continue;
    const key = loopKey(step);
    const same = found.get(key);
    if (same === undefined) found.set(key, [step]);
    else same.push(step);
  }
  for (const [key, same] of found) if (same.length < loopStepsMin) found.delete(key);
  return found;
}

function loopRow(
  steps: readonly Step[],
  p: { readonly place: Place; readonly undone: ReadonlySet<number>; readonly open: ReadonlySet<string> },
): LoopRow {
  const first = steps[0] as Step;
  const key = `${p.place.run}/loop ${loopKey(first)}`;
  const names = new Set(steps.map(({ name }) => name));
  const to = steps.reduce<number | null>(
    (last, { endedAt }) => (last === null || endedAt === null ? null : Math.max(last, endedAt)),
    0,
  );
  return {
    type: "loop",
    key,
    depth: p.place.depth,
    run: p.place.run,
    name: names.size === 1 ? first.name : patternOf(first.name).replaceAll("#", "…"),
    kind: first.kind,
    steps,
    failed: steps.filter(({ status }) => status === "failed").length,
    state: worstOf(steps.map((step) => stateOf(step, p.undone))),
    from: steps.reduce((least, step) => Math.min(least, beganAt(step)), beganAt(first)),
    to,
    open: p.open.has(key),
  };
}

interface OneStep {
  readonly step: Step;
  readonly undone: ReadonlySet<number>;
  readonly child: ListedRun | undefined;
}

function addStep(parts: RowsParts, place: Place, { step, undone, child }: OneStep): void {
  const key = `${place.run}/${step.seq}`;
  const nests = child !== undefined && place.depth < depthMax;
  const open = nests ? parts.open.has(key) : undefined;
  place.rows.push({
    type: "step",
    key,
    depth: place.depth + (undoneBy(step) === undefined ? 0 : 1),
    run: place.run,
    step,
    child,
    state: stateOf(step, undone),
    from: beganAt(step),
    // A run that was only started goes on after the step that started it.
    to: child !== undefined && step.kind === "start" ? child.endedAt : step.endedAt,
    open,
  });
  if (open !== true || child === undefined) return;
  const inside = { run: child.id, depth: place.depth + 1, rows: place.rows };
  if (parts.journals.has(child.id)) addRun(parts, inside);
  else {
    const { createdAt: from } = child;
    place.rows.push({
      type: "pending",
      key: `${key}/pending`,
      ...inside,
      state: "waiting",
      from,
      to: from,
      open: undefined,
    });
  }
}

/** Child runs whose journals are needed for what is open. */
export function openChildren(rows: readonly TimelineRow[]): readonly string[] {
  return rows.flatMap((row) =>
    row.type === "step" && row.open === true && row.child !== undefined ? [row.child.id] : [],
  );
}

/** One stretch of time as a part of the whole, from 0 to 1. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly failed: boolean;
}

const stretchesMax = 240;

/** The steps of a loop within a window of time, those that touch drawn as one: as many as one can tell apart. */
export function stretchesOf(
  steps: readonly Step[],
  p: { readonly from: number; readonly to: number; readonly now: number },
): readonly Stretch[] {
  const width = Math.max(1, p.to - p.from);
  const spans = steps
    .map((step) => ({
      from: (beganAt(step) - p.from) / width,
      to: ((step.endedAt ?? p.now) - p.from) / width,
      failed: step.status === "failed",
    }))
    .filter(({ from, to }) => to >= 0 && from <= 1)
    .toSorted((a, b) => a.from - b.from);
  const merged: { from: number; to: number; failed: boolean }[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last !== undefined && last.failed === span.failed && span.from - last.to < 1 / stretchesMax) {
      last.to = Math.max(last.to, span.to);
    } else merged.push({ ...span });
  }
  return merged.map(({ from, to, failed }) => ({ from: Math.max(0, from), to: Math.min(1, to), failed }));
}
