// A report over a span of time: what each recorded metric was told, altogether and as it went.
import type { Recorded, RecordedKind } from "./recorder.ts";
import { labelsOfKey, nameLabel } from "./sample.ts";
import type { MetricLabels } from "./sample.ts";
import { Sketch } from "./sketch.ts";
import type { SketchData, Summary } from "./sketch.ts";

/** A slot of history. */
export interface StoredSlot {
  readonly key: string;
  readonly kind: RecordedKind;
  /** Its beginning, milliseconds since 1970, and how long it is. */
  readonly atMs: number;
  readonly widthMs: number;
  readonly data: SketchData;
}

interface ReportedSlot extends Summary {
  readonly at: number;
  readonly widthMs: number;
}

interface ReportedMetric {
  readonly name: string;
  readonly labels: MetricLabels;
  readonly kind: RecordedKind;
  /** Over the whole span. Of a counter `sum` is by how much it grew. */
  readonly summary: Summary;
  readonly history: readonly ReportedSlot[];
}

export interface MetricReport {
  /** Milliseconds since 1970; the end is not part of it. */
  readonly from: number;
  readonly to: number;
  readonly metrics: readonly ReportedMetric[];
  /** As it stands since the server started, whatever the span. */
  readonly current: readonly Recorded[];
}

/** `slots` are of the span, in order of series and time. */
export function makeReport(p: {
  readonly from: number;
  readonly to: number;
  readonly slots: readonly StoredSlot[];
  readonly current: readonly Recorded[];
}): MetricReport {
  const series = new Map<
    string,
    { readonly kind: RecordedKind; readonly whole: Sketch; readonly history: ReportedSlot[] }
  >();
  for (const { key, kind, atMs, widthMs, data } of p.slots) {
    const one = series.get(key) ?? { kind, whole: new Sketch(), history: [] };
    series.set(key, one);
    one.whole.merge(data);
    one.history.push({ at: atMs, widthMs, ...Sketch.of(data).summary() });
  }
  const metrics = Array.from(series, ([key, { kind, whole, history }]) => {
    const { [nameLabel]: name = "", ...labels } = labelsOfKey(key);
    return { name, labels, kind, summary: whole.summary(), history: history.toSorted((a, b) => a.at - b.at) };
  });
  return {
    from: p.from,
    to: p.to,
    metrics: metrics.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    current: p.current,
  };
}
