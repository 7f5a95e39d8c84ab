// What programs record themselves: counters, gauges and histograms, gathered in memory and handed on as slots of ten seconds and as
// samples, so that reports and PromQL see them alike.
import type { Clock } from "../kernel/clock.ts";
import type { MetricLimits } from "./limits.ts";
import { checkLabels, labelsOfKey, nameLabel, seriesKey } from "./sample.ts";
import type { MetricLabels, MetricSeries } from "./sample.ts";
import { Sketch } from "./sketch.ts";
import type { SketchData, Summary } from "./sketch.ts";
import { SluiceError } from "@sluice/protocol";

export const recordedKinds = ["counter", "gauge", "histogram"] as const;
export type RecordedKind = (typeof recordedKinds)[number];

/** One value for a series. */
export interface RecordedValue {
  readonly kind: RecordedKind;
  readonly name: string;
  readonly value: number;
  readonly labels?: MetricLabels | undefined;
}

/** What a series was told within one slot. */
export interface Slot {
  readonly key: string;
  readonly kind: RecordedKind;
  /** Its beginning, milliseconds since 1970. */
  readonly atMs: number;
  readonly data: SketchData;
}

export interface Taken {
  readonly slots: readonly Slot[];
  readonly samples: readonly MetricSeries[];
}

/** A series as it stands since the start of the process. */
export interface Recorded {
  readonly name: string;
  readonly labels: MetricLabels;
  readonly kind: RecordedKind;
  /** Of a counter its sum, of a gauge the latest value, of a histogram the latest value. */
  readonly value: number;
  readonly summary: Summary;
}

const slotMs = 10_000;
/** Upper bounds of the buckets that samples of histograms have. */
const bucketBounds = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000];
/** What has not changed is said again after this, lest it be thought gone. */
const sayAgainMs = 60_000;

interface Series {
  readonly kind: RecordedKind;
  readonly all: Sketch;
  slot: { atMs: number; sketch: Sketch } | undefined;
  value: number;
  changed: boolean;
  saidAt: number;
}

export class Recorder {
  readonly #clock: Clock;
  readonly #limits: MetricLimits;
  readonly #series = new Map<string, Series>();
  /** Slots that ended before anybody took them. */
  #ended: Slot[] = [];

  constructor(p: { readonly clock: Clock; readonly limits: MetricLimits }) {
    this.#clock = p.clock;
    this.#limits = p.limits;
  }

  /** Series there are. */
  get size(): number {
    return this.#series.size;
  }

  /** One value of a histogram, such as how long something took. */
  recordMetric(name: string, value: number, labels: MetricLabels = {}): void {
    this.record({ kind: "histogram", name, value, labels });
  }

  /** Adds to a counter. */
  count(name: string, by = 1, labels: MetricLabels = {}): void {
    this.record({ kind: "counter", name, value: by, labels });
  }

  /** What something is now. */
  gauge(name: string, value: number, labels: MetricLabels = {}): void {
    this.record({ kind: "gauge", name, value, labels });
  }

  /** Throws what `record` would throw, and records nothing. */
  check(value: RecordedValue): void {
    const labels = { ...value.labels, [nameLabel]: value.name };
    const known = this.#series.get(seriesKey(labels));
    if (known === undefined) checkLabels(labels, this.#limits);
    checkValue(value, known?.kind ?? value.kind);
  }

  /** Throws `invalid_input` for what cannot be recorded: another kind than before, or what no metric is made of. */
  record(p: RecordedValue): void {
    const { kind, value } = p;
    const labels = { ...p.labels, [nameLabel]: p.name };
    const key = seriesKey(labels);
    const known = this.#series.get(key);
    checkValue(p, known?.kind ?? kind);
    const series = known ?? this.#begin(key, labels, kind);
    const atMs = Math.floor(this.#clock.now() / slotMs) * slotMs;
    if (series.slot !== undefined && series.slot.atMs !== atMs) this.#end(key, series);
    series.slot ??= { atMs, sketch: new Sketch() };
    series.slot.sketch.record(value);
    series.all.record(value);
    series.value = kind === "counter" ? series.value + value : value;
    series.changed = true;
  }

  #begin(key: string, labels: MetricLabels, kind: RecordedKind): Series {
    checkLabels(labels, this.#limits);
    if (this.#series.size >= this.#limits.metricSeriesMax) {
      throw new SluiceError({
        code: "too_many_requests",
        message: `There are ${this.#series.size} series already (metricSeriesMax).`,
        hint: "Use labels with fewer different values.",
      });
    }
    const rawMax = kind === "histogram" ? this.#limits.metricRawValuesMax : 0;
    const series: Series = {
      kind,
      all: new Sketch(rawMax),
      slot: undefined,
      value: 0,
      changed: false,
      saidAt: -Infinity,
    };
    this.#series.set(key, series);
    return series;
  }

  #end(key: string, series: Series): void {
    if (series.slot === undefined) return;
    this.#ended.push({ key, kind: series.kind, atMs: series.slot.atMs, data: series.slot.sketch.data() });
    series.slot = undefined;
  }

  /** What was recorded since it was taken last. What could not be written goes back with `putBack`. */
  take(): Taken {
    const nowMs = this.#clock.now();
    const samples: MetricSeries[] = [];
    for (const [key, series] of this.#series) {
      this.#end(key, series);
      if (!series.changed && nowMs - series.saidAt < sayAgainMs) continue;
      series.changed = false;
      series.saidAt = nowMs;
      samples.push(...samplesOf(labelsOfKey(key), series, nowMs));
    }
    const slots = this.#ended;
    this.#ended = [];
    return { slots, samples };
  }

  putBack({ slots }: Taken): void {
    this.#ended = [...slots, ...this.#ended];
  }

  /** Every series, those of one name where it is given. */
  all(name?: string): readonly Recorded[] {
    return [...this.#series].flatMap(([key, { kind, value, all }]) => {
      const { [nameLabel]: own = "", ...labels } = labelsOfKey(key);
      return name === undefined || own === name ? [{ name: own, labels, kind, value, summary: all.summary() }] : [];
    });
  }

  /** The latest values of a histogram as they came. */
  raw(name: string, labels: MetricLabels = {}): readonly number[] {
    return this.#series.get(seriesKey({ ...labels, [nameLabel]: name }))?.all.raw ?? [];
  }

  /** In the text format of Prometheus, version 0.0.4. */
  lines(): readonly string[] {
    const lines: string[] = [];
    const byName = new Map<string, [string, Series][]>();
    for (const [key, series] of this.#series) {
      const name = labelsOfKey(key)[nameLabel] ?? "";
      const group = byName.get(name);
      if (group === undefined) byName.set(name, [[key, series]]);
      else group.push([key, series]);
    }
    const nowMs = this.#clock.now();
    for (const [name, group] of byName) {
      const kind = group[0]?.[1].kind ?? "gauge";
      lines.push(`# HELP ${name} Recorded by programs.`, `# TYPE ${name} ${kind}`);
      for (const [key, series] of group.filter(([, each]) => each.kind === kind)) {
        for (const { labels, points } of samplesOf(labelsOfKey(key), series, nowMs)) {
          const { [nameLabel]: own = "", ...rest } = labels;
          const pairs = Object.entries(rest).map(([label, value]) => `${label}="${escaped(value)}"`);
          lines.push(`${own}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${points[0]?.value ?? 0}`);
        }
      }
    }
    return lines;
  }
}

function checkValue({ kind, name, value }: RecordedValue, known: RecordedKind): void {
  if (known !== kind) throw refused(`${name} is a ${known}, not a ${kind}.`);
  if (Number.isFinite(value) && (kind !== "counter" || value >= 0)) return;
  throw refused(`${name} cannot take ${value}: a ${kind} takes finite numbers${kind === "counter" ? " from 0" : ""}.`);
}

function refused(message: string): SluiceError {
  return new SluiceError({ code: "invalid_input", message });
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function samplesOf(labels: Record<string, string>, series: Series, timeMs: number): readonly MetricSeries[] {
  const one = (changes: Record<string, string>, value: number): MetricSeries => ({
    labels: { ...labels, ...changes },
    points: [{ timeMs, value }],
  });
  if (series.kind !== "histogram") return [one({}, series.value)];
  const name = labels[nameLabel] ?? "";
  const bucket = (le: string, count: number): MetricSeries => one({ [nameLabel]: `${name}_bucket`, le }, count);
  return [
    ...bucketBounds.map((bound) => bucket(String(bound), series.all.countUpTo(bound))),
    bucket("+Inf", series.all.count),
    one({ [nameLabel]: `${name}_sum` }, series.all.sum),
    one({ [nameLabel]: `${name}_count` }, series.all.count),
  ];
}
