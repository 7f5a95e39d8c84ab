// Finds what lines have in common: lines of one shape become one pattern, with `<_>` where they differ. After He, Zhu, Zheng and Lyu,
// "Drain: An Online Log Parsing Approach with Fixed Depth Tree" (ICWS 2017).

interface Pattern {
  readonly text: string;
  readonly count: number;
  /** Of the earliest and the latest line, milliseconds since 1970. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** What stands for anything; Loki writes it so too. */
const anything = "<_>";
/** Words that lead to the lines that are compared; words behind them are compared only. */
const depth = 2;
/** At least this share of words has to be the same. */
const similarMin = 0.5;
/** Longer lines are compared by their beginning. */
const wordsMax = 100;
/** Of one leaf; further shapes fall to the nearest. */
const leafMax = 100;

interface Cluster {
  readonly words: string[];
  count: number;
  firstMs: number;
  lastMs: number;
}

export class Drain {
  readonly #leaves = new Map<string, Cluster[]>();
  readonly #clustersMax: number;
  #clusters = 0;

  /** `clustersMax`: past it lines of shapes that are new are not taken. */
  constructor(clustersMax: number) {
    this.#clustersMax = clustersMax;
  }

  /** False where the line is of a new shape and there are too many. */
  add(line: string, timeMs: number): boolean {
    const words = wordsOf(line);
    const key = keyOf(words);
    const leaf = this.#leaves.get(key) ?? [];
    const found = nearest(leaf, words);
    if (found !== undefined) {
      for (const [i, word] of words.entries()) if (found.words[i] !== word) found.words[i] = anything;
      found.count++;
      found.firstMs = Math.min(found.firstMs, timeMs);
      found.lastMs = Math.max(found.lastMs, timeMs);
      return true;
    }
    if (this.#clusters >= this.#clustersMax) return false;
    this.#clusters++;
    leaf.push({ words, count: 1, firstMs: timeMs, lastMs: timeMs });
    this.#leaves.set(key, leaf);
    return true;
  }

  /** The pattern that a line that was taken belongs to now; undefined for others. */
  patternOf(line: string): string | undefined {
    const words = wordsOf(line);
    const found = nearest(this.#leaves.get(keyOf(words)) ?? [], words);
    return found?.words.join(" ");
  }

  /** Those with most lines first; those that have become the same are one. */
  patterns(): readonly Pattern[] {
    const byText = new Map<string, Pattern>();
    for (const { words, count, firstMs, lastMs } of [...this.#leaves.values()].flat()) {
      const text = words.join(" ");
      const known = byText.get(text);
      byText.set(text, {
        text,
        count: count + (known?.count ?? 0),
        firstMs: Math.min(firstMs, known?.firstMs ?? firstMs),
        lastMs: Math.max(lastMs, known?.lastMs ?? lastMs),
      });
    }
    return [...byText.values()].toSorted((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1));
  }
}

function keyOf(words: readonly string[]): string {
  return `${words.length} ${words.slice(0, depth).join(" ")}`;
}

/** Words with a digit are what differs in nearly all lines: numbers, ids, addresses, times. */
export function wordsOf(line: string): string[] {
  const words = line.trim().split(/\s+/);
  if (words.length > wordsMax) words.length = wordsMax;
  return words.map((word) => (/\d/.test(word) ? shapeOf(word) : word));
}

/** `took=12ms,` as `took=<_>`: what names a value stays. */
function shapeOf(word: string): string {
  const named = /^([A-Za-z_.-]+[=:])/.exec(word);
  return named === null ? anything : `${named[1] ?? ""}${anything}`;
}

function nearest(leaf: readonly Cluster[], words: readonly string[]): Cluster | undefined {
  let [best, bestSame]: [Cluster | undefined, number] = [undefined, -1];
  for (const cluster of leaf) {
    let same = 0;
    for (const [i, word] of words.entries()) if (cluster.words[i] === word || cluster.words[i] === anything) same++;
    if (same > bestSame) [best, bestSame] = [cluster, same];
  }
  const isNear = bestSame / words.length >= similarMin;
  return isNear || leaf.length >= leafMax ? best : undefined;
}
