// Two runs side by side: which step of the one is which of the other, and where they differ.
import { inCallOrder } from "./journal.ts";
import type { Journal } from "./journal.ts";
import { jsonDiff } from "./json-diff.ts";
import type { Step } from "./words.ts";

export type StepDifference = "only_a" | "only_b" | "status" | "result" | "attempts";

export interface StepPair {
  readonly key: string;
  readonly a: Step | undefined;
  readonly b: Step | undefined;
  /** The first that applies; undefined where they are alike. */
  readonly difference: StepDifference | undefined;
}

const keyOf = ({ seq, kind, name, occurrence }: Step) => `${seq < 0 ? "undo " : ""}${kind} ${name} ${occurrence}`;

/** In the order of `a`, with what only `b` has where it has it. */
export function stepPairs(a: Journal, b: Journal): readonly StepPair[] {
  const left = inCallOrder(a);
  const right = inCallOrder(b);
  const ofB = new Map(right.map((step) => [keyOf(step), step]));
  const ofA = new Set(left.map(keyOf));
  const pairs: StepPair[] = [];
  let next = 0;
  const addMissing = (until: number): void => {
    for (; next < until; next++) {
      const step = right[next] as Step;
      if (!ofA.has(keyOf(step))) pairs.push({ key: keyOf(step), a: undefined, b: step, difference: "only_b" });
    }
  };
  const placeOf = new Map(right.map((step, index) => [keyOf(step), index]));
  for (const step of left) {
    const key = keyOf(step);
    addMissing(placeOf.get(key) ?? next);
    const other = ofB.get(key);
    pairs.push({ key, a: step, b: other, difference: other === undefined ? "only_a" : differenceOf(step, other) });
  }
  addMissing(right.length);
  return pairs;
}

function differenceOf(a: Step, b: Step): StepDifference | undefined {
  if (a.status !== b.status) return "status";
  if (!sameResult(a, b)) return "result";
  return a.attempt === b.attempt ? undefined : "attempts";
}

/** Values that were left out for their size are taken to be alike where both were. */
function sameResult(a: Step, b: Step): boolean {
  if ((a.omitted === undefined) !== (b.omitted === undefined)) return false;
  if (a.error !== null || b.error !== null) {
    return a.error?.message === b.error?.message && a.error?.details.name === b.error?.details.name;
  }
  return jsonDiff(a.output, b.output).length === 0;
}
