// One bundle in a process of its own, and then the same asked for again. What came of both goes out as a line of JSON.
import { bundlers } from "sluice/bundler";
import type { BundleContext, BundlerAdapter } from "sluice/bundler";

export interface Measured {
  readonly version: string;
  readonly build_ms: number;
  readonly total_ms: number;
  readonly peak_memory_mb: number;
  readonly cpu_percent: number;
  readonly unchanged_ms: number;
  readonly size_bytes: number;
  /** What the bundle prints. */
  readonly output: string;
}

const [root = "", name = ""] = process.argv.slice(2);
const adapter = bundlers({ root })[name as BundlerAdapter["name"]];
const context: BundleContext = { entrypoints: ["main.js"], outdir: `dist-${name}`, target: "node", minify: true };
const made = await adapter.build(context);
if (!made.success) throw new Error(made.errors.map(({ message }) => message).join("\n"));
const again = await adapter.build(context);
if (again.metrics.phases.build_ms > 0) throw new Error("what had not changed was made again");
const { metrics, artifacts } = made;
const ran = Bun.spawnSync([process.execPath, `${root}/dist-${name}/main.js`]);
const measured: Measured = {
  version: adapter.version ?? "",
  build_ms: metrics.phases.build_ms,
  total_ms: metrics.total_duration_ms,
  peak_memory_mb: metrics.resources.peak_memory_mb ?? 0,
  cpu_percent: metrics.resources.avg_cpu_percent,
  unchanged_ms: again.metrics.total_duration_ms,
  size_bytes: artifacts.reduce((sum, each) => sum + each.size_bytes, 0),
  output: ran.stdout.toString().trim(),
};
process.stdout.write(`${JSON.stringify(measured)}\n`);
