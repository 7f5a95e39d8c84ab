// What the server and its bundling process say to each other. That process reads the user's files and executes
// sluice.config.ts, so that neither the bundler's memory nor user code is in the server.

/** A place in a file of the project where something is wrong. `file` is relative to the project where it lies inside. */
export interface SourceProblem {
  readonly message: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** URLs of modules that user code imports by name and that come with the installation: `sluice`, `sluice/testing`. */
export type InstalledModules = Readonly<Record<string, string>>;

export type BundleRequest =
  | { readonly type: "config"; readonly project: string; readonly modules: InstalledModules }
  | BuildRequest
  /** From now on every change of a file of the project is answered with a new build. */
  | (Omit<BuildRequest, "type"> & { readonly type: "watch"; readonly debounceMs: number });

export interface BuildRequest {
  readonly type: "build";
  readonly project: string;
  readonly modules: InstalledModules;
  /** Folder for bundles; each is named by its SHA-256. */
  readonly folder: string;
}

export interface BuiltCode {
  readonly ok: true;
  /** SHA-256 of the bundle. */
  readonly version: string;
  /** Where the bundle lies. */
  readonly file: string;
  /** Files with workflows, relative to the project. */
  readonly workflows: readonly string[];
  readonly elapsedMs: number;
}

export type BuildResult = BuiltCode | { readonly ok: false; readonly problems: readonly SourceProblem[] };

export type ConfigResult =
  | { readonly ok: true; readonly file: string | undefined; readonly settings: unknown }
  | { readonly ok: false; readonly problems: readonly SourceProblem[] };

export type BundleAnswer =
  | { readonly type: "config"; readonly result: ConfigResult }
  | { readonly type: "build"; readonly result: BuildResult }
  /** Unasked, after a change; `changedAt` in milliseconds since 1970. */
  | { readonly type: "rebuilt"; readonly result: BuildResult; readonly changedAt: number }
  | { readonly type: "config_changed" }
  /** A folder whose changes the system does not tell: it is looked at once a second. */
  | { readonly type: "unwatched"; readonly folder: string; readonly why: string };
