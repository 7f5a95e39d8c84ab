// The graph of one run, read from its journal: which step came after which. Steps of one name are one node. A step hangs on
// those that had settled before it began, leaving out those whose place is taken by a later one (the transitive reduction of
// an interval order).
import { beganAt, stateOf, undoneSteps, worstOf } from "./step-state.ts";
import { patternOf } from "./timeline-rows.ts";
import type { EntryState, Step } from "./words.ts";

export interface RunGraphNode {
  readonly id: string;
  readonly name: string;
  readonly kind: Step["kind"];
  /** In call order. */
  readonly steps: readonly Step[];
  readonly state: EntryState;
  /** It came after itself: a loop. */
  readonly loops: boolean;
}
interface RunGraphEdge {
  readonly from: string;
  readonly to: string;
  /** How many steps came this way. */
  readonly count: number;
}
export interface RunGraph {
  readonly nodes: readonly RunGraphNode[];
  readonly edges: readonly RunGraphEdge[];
  /** Steps that have no place in it, since there are too many names. */
  readonly leftOut: number;
}

/** More names than this, and those that differ in numbers only are one node. */
const namesMax = 40;
export const nodesMax = 150;
/** Of so many that settled together, each step that follows hangs on the last ones only. */
const tiesMax = 60;

export function runGraph(steps: readonly Step[]): RunGraph {
  const undone = undoneSteps(steps);
  const forward = steps.filter(({ seq }) => seq >= 0).toSorted((a, b) => a.seq - b.seq);
  const exact = new Set(forward.map((step) => idOf(step, false)));
  const byPattern = exact.size > namesMax;
  const groups = new Map<string, Step[]>();
  let leftOut = 0;
  for (const step of forward) {
    const id = idOf(step, byPattern);
    const group = groups.get(id);
    if (group !== undefined) group.push(step);
    else if (groups.size < nodesMax) groups.set(id, [step]);
    else leftOut++;
  }
  const counts = new Map<string, RunGraphEdge>();
  const loops = new Set<string>();
  for (const [before, after] of tiesOf(forward)) {
    const from = idOf(before, byPattern);
    const to = idOf(after, byPattern);
    if (!groups.has(from) || !groups.has(to)) continue;
    if (from === to) {
      loops.add(from);
      continue;
    }
    const key = `${from}\n${to}`;
    counts.set(key, { from, to, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  const nodes = [...groups].map(([id, group]) => ({
    id,
    name: nameOf(group),
    kind: (group[0] as Step).kind,
    steps: group,
    state: worstOf(group.map((step) => stateOf(step, undone))),
    loops: loops.has(id),
  }));
  return { nodes, edges: [...counts.values()], leftOut };
}

function idOf({ kind, name }: Step, byPattern: boolean): string {
  return `${kind} ${byPattern ? patternOf(name) : name}`;
}

function nameOf(group: readonly Step[]): string {
  const first = (group[0] as Step).name;
  return group.every(({ name }) => name === first) ? first : patternOf(first).replaceAll("#", "…");
}

/** Pairs of steps of which the second hangs on the first. */
function* tiesOf(steps: readonly Step[]): Generator<readonly [Step, Step]> {
  const settled = steps
    .filter(({ endedAt, status }) => endedAt !== null && status !== "aborted")
    .toSorted((a, b) => ending(a) - ending(b) || (a.order ?? 0) - (b.order ?? 0));
  const begun = steps.toSorted((a, b) => beganAt(a) - beganAt(b) || a.seq - b.seq);
  let next = 0;
  /** When the last of those that had settled began: what ended before that is no direct neighbour. */
  let latest = Number.NEGATIVE_INFINITY;
  for (const step of begun) {
    for (let before = settled[next]; before !== undefined && precedes(before, step); before = settled[++next]) {
      latest = Math.max(latest, beganAt(before));
    }
    for (let index = next - 1; index >= 0 && index >= next - tiesMax; index--) {
      const before = settled[index] as Step;
      if (ending(before) < latest) break;
      // Within a millisecond, a later call may have settled first.
      if (before.seq < step.seq) yield [before, step];
    }
  }
}

function ending(step: Step): number {
  return step.endedAt ?? Number.POSITIVE_INFINITY;
}

/** A step that took no measurable time and another of the same moment were called together. */
function precedes(before: Step, step: Step): boolean {
  const end = ending(before);
  return end < beganAt(step) || (end === beganAt(step) && beganAt(before) < beganAt(step));
}
