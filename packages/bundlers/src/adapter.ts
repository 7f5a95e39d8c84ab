// One adapter for every bundler: checks, the cache, measuring, artifacts and watching are the same for all of them.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { placeArtifacts, takeArtifacts } from "./artifacts.ts";
import type { ArtifactStore } from "./artifacts.ts";
import type {
  BundleContext,
  BundleErrorCode,
  BundleMessage,
  BundleMetrics,
  BundleResult,
  BundlerAdapter,
} from "./bundle.ts";
import { checkContext, isStaging, shownPath, stagingName } from "./context.ts";
import type { Order } from "./context.ts";
import { Measuring } from "./measure.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import type { Tool } from "./tool.ts";
import { compare, keyOf, remember } from "./unchanged.ts";
import type { Comparison } from "./unchanged.ts";
import { FileWatch } from "./watch-files.ts";

export interface BundlerOptions {
  /** The project's folder: what it has installed is what bundles. */
  readonly root: string;
  /** Where artifacts are kept besides `outdir`. */
  readonly store?: ArtifactStore;
  /** False: each build bundles. Default true. */
  readonly cache?: boolean;
  /** Bundles of one process go one after the other through this, or what is measured would be of several. */
  readonly turns?: OneAtATime;
}

interface Outcome {
  readonly artifacts: BundleResult["artifacts"];
  readonly errors: BundleResult["errors"];
  readonly warnings: BundleResult["warnings"];
  /** Absolute paths of what it was made of. */
  readonly inputs: readonly string[];
  /** False: everything was as it had been left. */
  readonly isMade: boolean;
  readonly metrics: BundleMetrics;
}

type Built = Pick<Outcome, "inputs" | "isMade"> & { readonly result: BundleResult; readonly startedMs: number };

const noCache: BundleMetrics["cache"] = {
  files_checked: 0,
  cache_hits: 0,
  cache_misses: 0,
  hit_ratio: 0,
  time_saved_ms: 0,
};

export class ToolAdapter implements BundlerAdapter {
  readonly name: BundlerAdapter["name"];
  readonly version: string | undefined;
  readonly #tool: Tool;
  readonly #options: BundlerOptions;
  readonly #turns: OneAtATime;

  constructor(tool: Tool, options: BundlerOptions) {
    this.name = tool.name;
    this.version = tool.version(resolve(options.root));
    this.#tool = tool;
    this.#options = { ...options, root: resolve(options.root) };
    this.#turns = options.turns ?? new OneAtATime();
  }

  isAvailable(): Promise<boolean> {
    return Promise.resolve(this.#tool.version(this.#options.root) !== undefined);
  }

  async build(context: BundleContext): Promise<BundleResult> {
    return (await this.#build(context)).result;
  }

  async watch(context: BundleContext, onChange: (result: BundleResult) => void): Promise<() => Promise<void>> {
    const first = await this.#build(context);
    onChange(first.result);
    let files = first.inputs;
    const outdir = resolve(this.#options.root, context.outdir);
    const watching = new FileWatch(
      { files, startedMs: first.startedMs },
      {
        isOurs: (path) => path === outdir || isStaging(path) || basename(path) === "node_modules",
        changed: async () => {
          const { result, inputs, isMade, startedMs } = await this.#build(context);
          // One that failed has not read everything: what mends it may lie in a file of before.
          files = result.success ? inputs : [...new Set([...files, ...inputs])];
          if (isMade) onChange(result);
          return { files, startedMs };
        },
      },
    );
    return () => watching.stop();
  }

  async #build(context: BundleContext): Promise<Built> {
    const askedAt = performance.now();
    let startedMs = 0;
    const { inputs, isMade, ...outcome } = await this.#turns.run(() => {
      startedMs = Date.now();
      return this.#outcome(context, askedAt);
    });
    const { errors, metrics } = outcome;
    const success = errors.length === 0;
    const result = { success, buildId: crypto.randomUUID(), duration_ms: metrics.total_duration_ms, ...outcome };
    return { result, inputs, isMade, startedMs };
  }

  async #outcome(context: BundleContext, askedAt: number): Promise<Outcome> {
    const phases = new Phases(askedAt);
    const checked = checkContext(this.#options.root, context);
    if ("errors" in checked) return failed(checked.errors, phases.metrics());
    const { order } = checked;
    const version = this.#tool.version(order.root);
    if (version === undefined)
      return failed(
        [plain("not_available", `${order.root} has no ${this.name}; npm install --save-dev ${this.name}`)],
        phases.metrics(),
      );
    const cached = this.#options.cache !== false && order.plugins.length === 0 && order.configFile === undefined;
    const key = cached ? keyOf(order, { name: this.name, version }) : undefined;
    const comparison = key === undefined ? undefined : compare(order, key);
    const before = comparison?.before;
    // What was made without a store has no blobs: with one it is made again.
    if (
      before !== undefined &&
      (this.#options.store === undefined || before.artifacts.every(({ blob }) => blob !== null))
    ) {
      const artifacts = before.artifacts.map(({ path, size_bytes, hash, blob }) => ({ path, size_bytes, hash, blob }));
      const inputs = before.files.map(({ path }) => path);
      const metrics = phases.metrics(comparison, before.buildMs);
      return { artifacts, errors: [], warnings: before.warnings, inputs, isMade: false, metrics };
    }
    return this.#made(order, { key, comparison, phases, signal: context.signal });
  }

  async #made(
    order: Order,
    p: {
      readonly key: string | undefined;
      readonly comparison: Comparison | undefined;
      readonly phases: Phases;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<Outcome> {
    const { phases, comparison, key, signal } = p;
    const isCancelled = (): boolean => signal?.aborted === true;
    mkdirSync(dirname(order.outdir), { recursive: true });
    // Beside `outdir`, so that an artifact is put in its place by a rename.
    const staging = mkdtempSync(join(dirname(order.outdir), stagingName));
    try {
      if (isCancelled()) return failed([cancelled], phases.metrics(comparison));
      const startedMs = Date.now();
      phases.begin("build_ms");
      const run = await this.#tool.run({ ...order, staging }).catch((error: unknown) => ({
        inputs: [],
        errors: [saidBy(error)],
        warnings: [],
      }));
      phases.begin("post_build_ms");
      const warnings = run.warnings.map((each) => shown(order.root, each));
      const errors = isCancelled() ? [cancelled] : run.errors.map((each) => shown(order.root, each));
      const inputs = run.inputs.length === 0 ? [...order.entries.values()] : [...new Set(run.inputs)];
      if (errors.length > 0) return { ...failed(errors, phases.metrics(comparison)), warnings, inputs };
      const artifacts = await takeArtifacts(staging, this.#options.store);
      placeArtifacts(staging, order.outdir, artifacts);
      if (key !== undefined) remember(order, key, { inputs, artifacts, warnings, buildMs: phases.buildMs, startedMs });
      return { artifacts, errors: [], warnings, inputs, isMade: true, metrics: phases.metrics(comparison) };
    } catch (error) {
      // A full disk, or a folder that may not be written.
      return failed([saidBy(error)], phases.metrics(comparison));
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  }
}

/** The clock of one build, and what it costs. */
class Phases {
  readonly #askedAt: number;
  readonly #startedAt = performance.now();
  readonly #measuring = new Measuring();
  readonly #ms = { pre_build_ms: 0, build_ms: 0, post_build_ms: 0 };
  #phase: keyof BundleMetrics["phases"] = "pre_build_ms";
  #since = this.#startedAt;

  constructor(askedAt: number) {
    this.#askedAt = askedAt;
  }

  get buildMs(): number {
    return this.#ms.build_ms;
  }

  begin(phase: keyof BundleMetrics["phases"]): void {
    const now = performance.now();
    this.#ms[this.#phase] += now - this.#since;
    this.#since = now;
    this.#phase = phase;
  }

  /** `savedOfMs`: what the build took that was not made again. */
  metrics(comparison?: Comparison, savedOfMs?: number): BundleMetrics {
    this.begin(this.#phase);
    const { checked, hits } = comparison ?? { checked: 0, hits: 0 };
    return {
      queue_wait_ms: this.#startedAt - this.#askedAt,
      total_duration_ms: performance.now() - this.#askedAt,
      phases: { ...this.#ms },
      cache: {
        ...noCache,
        files_checked: checked,
        cache_hits: hits,
        cache_misses: checked - hits,
        hit_ratio: checked === 0 ? 0 : hits / checked,
        time_saved_ms: savedOfMs === undefined ? 0 : Math.max(0, savedOfMs - this.#ms.pre_build_ms),
      },
      resources: this.#measuring.end(),
    };
  }
}

function failed(errors: BundleResult["errors"], metrics: BundleMetrics): Outcome {
  return { artifacts: [], errors, warnings: [], inputs: [], isMade: true, metrics };
}

function plain(code: BundleErrorCode, message: string): BundleMessage<BundleErrorCode> {
  return { code, message, file: null, line: null, column: null };
}

function saidBy(error: unknown): BundleMessage<BundleErrorCode> {
  return plain("bundle_failed", error instanceof Error ? error.message : String(error));
}

const cancelled = plain("cancelled", "The bundle was cancelled.");

function shown<Code extends string>(root: string, message: BundleMessage<Code>): BundleMessage<Code> {
  return message.file === null ? message : { ...message, file: shownPath(root, message.file) };
}
