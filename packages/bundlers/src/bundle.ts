// What a bundle is made of, and what comes of it: the same words for every bundler.

/** What is to be bundled. Paths of files are relative to the project's folder. */
export interface BundleContext {
  readonly entrypoints: readonly string[];
  /** Where the artifacts go: a folder inside the project's that holds none of the sources. */
  readonly outdir: string;
  /** Default `browser`. */
  readonly target?: "browser" | "bun" | "node";
  /** Default `esm`. */
  readonly format?: "esm" | "cjs" | "iife";
  /** Code that entrypoints share, or load when they need it, in files of its own. Only with `esm`; default false. */
  readonly splitting?: boolean;
  readonly minify?: boolean;
  /** `linked`: a file beside each artifact, named in it; `external`: not named; default `none`. */
  readonly sourcemap?: "none" | "linked" | "inline" | "external";
  /** Imports that stay imports. */
  readonly external?: readonly string[];
  /** Identifiers, and the JavaScript that stands in for each. */
  readonly define?: Readonly<Record<string, string>>;
  readonly naming?: Naming;
  /** Plugins of the bundler's own kind. With them nothing is known to be unchanged: each build bundles. */
  readonly plugins?: readonly unknown[];
  /** A configuration of the bundler's own (Vite, webpack), beneath what is said here. As with plugins, each build bundles. */
  readonly configFile?: string;
  readonly signal?: AbortSignal;
}

/** Names of artifacts without their extension, of `[dir]`, `[name]` and `[hash]`. */
export interface Naming {
  /** Default `[dir]/[name]`. */
  readonly entry?: string;
  /** Default `[name]-[hash]`. */
  readonly chunk?: string;
  /** Default `[name]-[hash]`. */
  readonly asset?: string;
}

/** One artifact, below `outdir`. */
export interface BundleArtifact {
  /** With `/` between folders. */
  readonly path: string;
  readonly size_bytes: number;
  /** SHA-256 of its bytes, 64 hexadecimal digits. */
  readonly hash: string;
  /** Its name where blobs are kept; null where the adapter was given no place for them. */
  readonly blob: string | null;
}

/**
 * `bad_context`: what was asked for makes no bundle; `not_available`: the project has no such bundler; `syntax_error`; `not_found`:
 * an import or entrypoint that leads nowhere; `cancelled`; `bundle_failed`: anything else that the bundler says.
 */
export type BundleErrorCode =
  | "bad_context"
  | "not_available"
  | "syntax_error"
  | "not_found"
  | "cancelled"
  | "bundle_failed";

/** What a bundler has to say; where it names no place, file, line and column are null. */
export interface BundleMessage<Code extends string = string> {
  readonly code: Code;
  readonly message: string;
  /** Relative to the project's folder where it lies in it. */
  readonly file: string | null;
  /** From 1. */
  readonly line: number | null;
  /** From 1. */
  readonly column: number | null;
}

/** As measured; null is what this machine does not tell. */
export interface BundleMetrics {
  /** Bundles of one process are made one after the other: what this one waited. */
  readonly queue_wait_ms: number;
  /** From the call to its end, the wait included. */
  readonly total_duration_ms: number;
  readonly phases: {
    /** Looking at what was asked for, and at what has changed. */
    readonly pre_build_ms: number;
    readonly build_ms: number;
    /** Hashing and storing the artifacts, and putting them in their place. */
    readonly post_build_ms: number;
  };
  readonly cache: {
    /** Files that the bundle of before was made of. */
    readonly files_checked: number;
    readonly cache_hits: number;
    readonly cache_misses: number;
    /** Hits of files checked; 0 where none were. */
    readonly hit_ratio: number;
    /** What the build took that was not made again, less what finding out took; 0 where it was made. */
    readonly time_saved_ms: number;
  };
  /** Of this process and its children, while the bundle was made. */
  readonly resources: {
    /** The most that was resident at a time. */
    readonly peak_memory_mb: number | null;
    /** 100 is one core. */
    readonly avg_cpu_percent: number;
    readonly io_read_mb: number | null;
    readonly io_write_mb: number | null;
  };
}

export interface BundleResult {
  readonly success: boolean;
  readonly buildId: string;
  readonly duration_ms: number;
  /** Sorted by path; empty where it failed, and then `outdir` is as it was. */
  readonly artifacts: readonly BundleArtifact[];
  readonly errors: readonly BundleMessage<BundleErrorCode>[];
  readonly warnings: readonly BundleMessage[];
  readonly metrics: BundleMetrics;
}

export interface BundlerAdapter {
  readonly name: "bun" | "esbuild" | "vite" | "webpack";
  /** Of the bundler that the project has, when the adapter was made; undefined where it had none. */
  readonly version: string | undefined;
  /** Whether the project has it now. */
  isAvailable(): Promise<boolean>;
  /** Never throws for what is wrong with the sources or the context: `success` and `errors` say so. */
  build(context: BundleContext): Promise<BundleResult>;
  /** Builds, and again whenever a file changes that it was made of. Resolves to what ends it. */
  watch(context: BundleContext, onChange: (result: BundleResult) => void): Promise<() => Promise<void>>;
}
