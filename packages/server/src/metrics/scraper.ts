// Asks a target of Prometheus for its samples, again and again, and says whether it answered.
import type { Clock, Logger, MetricLimits } from "@sluice/core";
import { nameLabel, readExposition, Readings } from "@sluice/core/metrics";
import type { MetricStore } from "@sluice/core/metrics";
import { SluiceError } from "@sluice/protocol";
import type { ScrapeTarget } from "../config-metrics.ts";

const accept = "text/plain;version=0.0.4,*/*;q=0.1";

type Labels = Readonly<Record<string, string>>;

interface ScraperOptions {
  readonly store: MetricStore;
  readonly target: ScrapeTarget;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: MetricLimits;
}

export class Scraper {
  readonly #p: ScraperOptions;
  readonly #labels: Labels;
  readonly #stopping = new AbortController();
  #due: () => void = () => undefined;
  #asking: Promise<void> = Promise.resolve();
  /** Series of the last time: those that are not there any more have ended. */
  #before = new Map<string, Labels>();
  #wasUp = true;

  constructor(p: ScraperOptions) {
    this.#p = p;
    const { job, url, labels } = p.target;
    this.#labels = { ...labels, job, instance: new URL(url).host };
  }

  start(): void {
    this.#asking = this.scrape();
    void this.#asking.then(() => {
      if (this.#stopping.signal.aborted) return;
      this.#due = this.#p.clock.after(this.#p.target.everyMs, () => this.start());
    });
  }

  /** Asks once, and writes what it has found. */
  async scrape(): Promise<void> {
    const { store, clock, log, limits, target } = this.#p;
    const startedAt = clock.now();
    const readings = new Readings(limits);
    let up = 1;
    try {
      readExposition(readings, { text: await this.#ask(), nowMs: startedAt, labels: this.#labels });
      this.#wasUp = true;
    } catch (error) {
      up = 0;
      if (this.#wasUp && !this.#stopping.signal.aborted)
        log("warn", "a target of metrics does not answer", { job: target.job, url: target.url, error: String(error) });
      this.#wasUp = false;
    }
    const own = up === 1 ? readings : new Readings(limits);
    const now = new Map(own.series.map(({ labels }) => [JSON.stringify(labels), labels]));
    for (const [key, labels] of this.#before)
      if (!now.has(key)) own.add(labels, [{ timeMs: startedAt, value: "stale" }]);
    const tell = (name: string, value: number): void =>
      own.add({ ...this.#labels, [nameLabel]: name }, [{ timeMs: startedAt, value }]);
    const { samples } = readings;
    tell("up", up);
    tell("scrape_duration_seconds", (clock.now() - startedAt) / 1_000);
    tell("scrape_samples_scraped", up === 1 ? samples : 0);
    try {
      await store.write(own);
      this.#before = now;
    } catch (error) {
      log("warn", "samples could not be written", { job: target.job, error: String(error) });
    }
  }

  async #ask(): Promise<string> {
    const { target, limits } = this.#p;
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(limits.metricScrapeTimeoutMs)]);
    const response = await fetch(target.url, { headers: { accept, ...target.headers }, signal });
    if (!response.ok) throw new SluiceError({ code: "unavailable", message: `it answered with ${response.status}` });
    const decoder = new TextDecoder();
    let [text, bytes] = ["", 0];
    for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      bytes += piece.length;
      if (bytes > limits.metricBodyBytesMax)
        throw new SluiceError({ code: "payload_too_large", message: "it answers with too much (metricBodyBytesMax)" });
      text += decoder.decode(piece, { stream: true });
    }
    return text + decoder.decode();
  }

  /** Resolves when nothing is being asked or written any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#due();
    await this.#asking;
  }
}
