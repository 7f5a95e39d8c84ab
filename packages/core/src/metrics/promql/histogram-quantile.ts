// Quantiles of histograms that come as counts below bounds (`le`). Semantics: Prometheus 2.42, promql/quantile.go.
import { nameLabel } from "../sample.ts";
import { labelKey } from "./vectors.ts";
import type { LabelSet, Vector } from "./vectors.ts";

interface Bucket {
  readonly bound: number;
  readonly count: number;
}

/** A value for each histogram among the buckets; those without a bound are left out. */
export function histogramQuantile(share: number, buckets: Vector): Vector {
  const histograms = new Map<string, { readonly labels: LabelSet; readonly buckets: Bucket[] }>();
  for (const { labels, value } of buckets) {
    const bound = boundIn(labels.get("le"));
    if (bound === undefined) continue;
    const rest = new Map([...labels].filter(([name]) => name !== "le" && name !== nameLabel));
    const key = labelKey(rest);
    const known = histograms.get(key) ?? { labels: rest, buckets: [] };
    known.buckets.push({ bound, count: value });
    histograms.set(key, known);
  }
  return Array.from(histograms.values(), ({ labels, buckets: own }) => ({ labels, value: quantile(share, own) }));
}

function boundIn(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^[+]?inf$/i.test(text)) return Infinity;
  if (/^-inf$/i.test(text)) return -Infinity;
  const bound = Number(text);
  return Number.isNaN(bound) ? undefined : bound;
}

function quantile(share: number, given: readonly Bucket[]): number {
  if (Number.isNaN(share)) return NaN;
  if (share < 0) return -Infinity;
  if (share > 1) return Infinity;
  const buckets = merged(given.toSorted((a, b) => (a.bound < b.bound ? -1 : a.bound > b.bound ? 1 : 0)));
  const last = buckets.at(-1);
  if (last?.bound !== Infinity || buckets.length < 2 || last.count === 0) return NaN;
  let rank = share * last.count;
  const at = Math.max(
    0,
    buckets.slice(0, -1).findIndex(({ count }) => count >= rank),
  );
  const found = buckets.slice(0, -1).some(({ count }) => count >= rank) ? at : buckets.length - 1;
  if (found === buckets.length - 1) return buckets[buckets.length - 2]?.bound ?? NaN;
  const { bound = 0, count = 0 } = buckets[found] ?? {};
  if (found === 0 && bound <= 0) return bound;
  const before = buckets[found - 1];
  const start = before?.bound ?? 0;
  const inside = count - (before?.count ?? 0);
  rank -= before?.count ?? 0;
  return start + (bound - start) * (rank / inside);
}

/** Those of one bound are one; and counts never fall, whatever was scraped in between. */
function merged(sorted: readonly Bucket[]): readonly Bucket[] {
  const buckets: { bound: number; count: number }[] = [];
  for (const { bound, count } of sorted) {
    const last = buckets.at(-1);
    if (last?.bound === bound) last.count += count;
    else buckets.push({ bound, count });
  }
  let highest = -Infinity;
  for (const bucket of buckets) {
    highest = Math.max(highest, bucket.count);
    bucket.count = highest;
  }
  return buckets;
}
