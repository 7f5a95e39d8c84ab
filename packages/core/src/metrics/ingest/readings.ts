// What formats of metrics find, gathered: series by their labels, what metrics are about, and what was not taken.
import type { MetricLimits } from "../limits.ts";
import { checkLabels, seriesKey } from "../sample.ts";
import type { MetricAbout, MetricLabels, MetricPoint, MetricSeries } from "../sample.ts";
import { SluiceError, toWire } from "@sluice/protocol";

export class Readings {
  readonly #limits: MetricLimits;
  readonly #series = new Map<string, { readonly labels: MetricLabels; readonly points: MetricPoint[] }>();
  readonly #about = new Map<string, MetricAbout>();
  #samples = 0;
  #rejected = 0;
  #why = "";

  constructor(limits: MetricLimits) {
    this.#limits = limits;
  }

  get samples(): number {
    return this.#samples;
  }

  get rejected(): number {
    return this.#rejected;
  }

  /** Of the first that was not taken. */
  get why(): string {
    return this.#why;
  }

  get series(): readonly MetricSeries[] {
    return [...this.#series.values()];
  }

  get about(): readonly MetricAbout[] {
    return [...this.#about.values()];
  }

  /** Labels that no series can have are counted, with why; throws `payload_too_large` past the limit of a request. */
  add(labels: MetricLabels, points: readonly MetricPoint[]): void {
    if (points.length === 0) return;
    try {
      checkLabels(labels, this.#limits);
    } catch (error) {
      this.reject(points.length, toWire(error).message);
      return;
    }
    this.#samples += points.length;
    if (this.#samples > this.#limits.metricSamplesMax) {
      throw new SluiceError({
        code: "payload_too_large",
        message: `There are more than ${this.#limits.metricSamplesMax} samples in one request (metricSamplesMax).`,
        hint: "Send fewer at once.",
      });
    }
    const key = seriesKey(labels);
    const known = this.#series.get(key);
    if (known === undefined) this.#series.set(key, { labels, points: [...points] });
    else known.points.push(...points);
  }

  reject(samples: number, why: string): void {
    if (this.#rejected === 0) this.#why = why;
    this.#rejected += samples;
  }

  describe(about: MetricAbout): void {
    this.#about.set(about.name, about);
  }
}

/** A body that is not of its format. */
export function unreadableBody(what: string): SluiceError {
  return new SluiceError({ code: "invalid_input", message: what, hint: "docs/metrics.md says what each format is." });
}
