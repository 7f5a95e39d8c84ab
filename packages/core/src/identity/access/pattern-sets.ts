// Sets of patterns as sets of texts: what two of them have in common, and whether one holds all of another. What cannot be
// worked out within bounds counts as not held, so that a mistake can only take rights away.
import { matchesPattern } from "../../kernel/patterns.ts";

/** Patterns of which one has to fit; undefined is every text. */
export type Patterns = readonly string[] | undefined;

/** Work that the intersection of two sets may take: characters compared, a fraction of a second at most. */
const charactersMax = 3_000_000;
/** Patterns that the common part of two can have, and of two sets. */
const pairPatternsMax = 64;
const setPatternsMax = 1_000;

/** Whether every text that fits `inner` fits `outer`: a star in `inner` can only be held by one in `outer`. */
export function holdsPattern(outer: string, inner: string): boolean {
  return matchesPattern(outer, inner);
}

/** Whether each pattern of `inner` is held by one of `outer`. */
export function holdsPatterns(outer: Patterns, inner: Patterns): boolean {
  if (outer === undefined) return true;
  return inner !== undefined && inner.every((pattern) => outer.some((wider) => holdsPattern(wider, pattern)));
}

/** The texts of both, without patterns that another one holds. */
export function unitePatterns(a: Patterns, b: Patterns): Patterns {
  return a === undefined || b === undefined ? undefined : withoutHeld([...a, ...b]);
}

/** The texts that are in both. */
export function intersectPatterns(a: Patterns, b: Patterns): Patterns {
  if (a === undefined) return b;
  if (b === undefined) return a;
  const budget = { characters: charactersMax };
  const common: string[] = [];
  for (const left of a) {
    for (const right of b) {
      common.push(...intersectPair(left, right, budget));
      if (common.length >= setPatternsMax) return withoutHeld(common.slice(0, setPatternsMax));
    }
  }
  return withoutHeld(common);
}

interface Budget {
  characters: number;
}

function intersectPair(left: string, right: string, budget: Budget): readonly string[] {
  if (holdsPattern(left, right)) return [right];
  if (holdsPattern(right, left)) return [left];
  if (!left.includes("*") || !right.includes("*")) return [];
  return new Intersection(left, right, budget).from(0, 0);
}

/** What two patterns have in common, place by place: each star either ends here or takes what the other pattern asks next. */
class Intersection {
  readonly #left: string;
  readonly #right: string;
  readonly #budget: Budget;
  readonly #known = new Map<number, readonly string[]>();

  constructor(left: string, right: string, budget: Budget) {
    this.#left = left;
    this.#right = right;
    this.#budget = budget;
  }

  from(leftAt: number, rightAt: number): readonly string[] {
    const key = leftAt * (this.#right.length + 1) + rightAt;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#budget.characters <= 0) return [];
    const stepped = this.#step(leftAt, rightAt);
    this.#budget.characters -= (1 + stepped.length ** 2) * (this.#left.length + this.#right.length);
    const found = withoutHeld(stepped).slice(0, pairPatternsMax);
    this.#known.set(key, found);
    return found;
  }

  #step(leftAt: number, rightAt: number): readonly string[] {
    const left = this.#left[leftAt];
    const right = this.#right[rightAt];
    if (left === "*" && right === "*") {
      return prefixed("*", [...this.from(leftAt + 1, rightAt), ...this.from(leftAt, rightAt + 1)]);
    }
    if (left === "*") {
      const taken = right === undefined ? [] : prefixed(right, this.from(leftAt, rightAt + 1));
      return [...this.from(leftAt + 1, rightAt), ...taken];
    }
    if (right === "*") {
      const taken = left === undefined ? [] : prefixed(left, this.from(leftAt + 1, rightAt));
      return [...this.from(leftAt, rightAt + 1), ...taken];
    }
    if (left !== right) return [];
    return left === undefined ? [""] : prefixed(left, this.from(leftAt + 1, rightAt + 1));
  }
}

function prefixed(start: string, patterns: readonly string[]): readonly string[] {
  return patterns.map((pattern) => (start + pattern).replace(/^\*\*+/, "*"));
}

/** The same texts with fewer patterns. */
function withoutHeld(patterns: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (const pattern of new Set(patterns)) {
    if (kept.some((wider) => holdsPattern(wider, pattern))) continue;
    const left = kept.filter((narrower) => !holdsPattern(pattern, narrower));
    kept.splice(0, kept.length, ...left, pattern);
  }
  return kept;
}
