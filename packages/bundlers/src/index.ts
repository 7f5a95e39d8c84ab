// Bundlers of one shape: Bun's own, and the esbuild, Vite or webpack that a project has.
import { ToolAdapter } from "./adapter.ts";
import type { BundlerOptions } from "./adapter.ts";
import type { BundlerAdapter } from "./bundle.ts";
import { BunTool } from "./bun.ts";
import { esbuild } from "./esbuild.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import { vite } from "./vite.ts";
import { webpack } from "./webpack.ts";

export type { ArtifactStore } from "./artifacts.ts";
export type { BundlerOptions } from "./adapter.ts";
export type {
  BundleArtifact,
  BundleContext,
  BundleErrorCode,
  BundleMessage,
  BundleMetrics,
  BundleResult,
  BundlerAdapter,
  Naming,
} from "./bundle.ts";

/** An adapter for each bundler, whether or not the project has it: `isAvailable` says. They take turns. */
export function bundlers(options: BundlerOptions): Readonly<Record<BundlerAdapter["name"], BundlerAdapter>> {
  const given = { ...options, turns: options.turns ?? new OneAtATime() };
  return {
    bun: new ToolAdapter(new BunTool(), given),
    esbuild: new ToolAdapter(esbuild, given),
    vite: new ToolAdapter(vite, given),
    webpack: new ToolAdapter(webpack, given),
  };
}
