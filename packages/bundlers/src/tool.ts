// What each bundler has to do for an adapter: bundle into a folder, and say what it read. Everything else is the same for all.
import type { BundleContext, BundleErrorCode, BundleMessage } from "./bundle.ts";

/** What is to be bundled, with every default filled in. Paths are absolute. */
export interface ToolOrder extends Required<
  Pick<BundleContext, "target" | "format" | "splitting" | "minify" | "sourcemap" | "external" | "define">
> {
  /** The project's folder. */
  readonly root: string;
  readonly plugins: readonly unknown[];
  readonly configFile: string | undefined;
  /** Absolute files by what `[dir]/[name]` stands for, or `[name]` where the pattern has no `[dir]`. */
  readonly entries: ReadonlyMap<string, string>;
  /** The folder that all entries lie in: `[dir]` begins there. */
  readonly base: string;
  /** Without extension. */
  readonly naming: { readonly entry: string; readonly chunk: string; readonly asset: string };
  /** Empty; whatever is in it afterwards is an artifact. */
  readonly staging: string;
}

export interface ToolRun {
  /** Absolute paths of what was read. */
  readonly inputs: readonly string[];
  /** With absolute paths, or as the tool has them. */
  readonly errors: readonly BundleMessage<BundleErrorCode>[];
  readonly warnings: readonly BundleMessage[];
}

export interface Tool {
  readonly name: "bun" | "esbuild" | "vite" | "webpack";
  /** Of the one that the project has in this folder. */
  version(root: string): string | undefined;
  /** Rejects with whatever the tool throws. */
  run(order: ToolOrder): Promise<ToolRun>;
}

/** A pattern for tools whose `[name]` holds the folders. */
export function withoutFolder(pattern: string): string {
  return pattern.replace("[dir]/", "");
}

/** The orders of a tool that always shares code among the entries it is given: one for each, unless it is to share. */
export function separated(order: ToolOrder): readonly ToolOrder[] {
  if (order.splitting || order.entries.size === 1) return [order];
  return Array.from(order.entries, (entry) => ({ ...order, entries: new Map([entry]) }));
}

export function joined(runs: readonly ToolRun[]): ToolRun {
  return {
    inputs: runs.flatMap(({ inputs }) => inputs),
    errors: runs.flatMap(({ errors }) => errors),
    warnings: runs.flatMap(({ warnings }) => warnings),
  };
}
