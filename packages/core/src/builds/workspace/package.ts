// What a workspace consists of, however it was described.

export type ManagerName = "npm" | "pnpm" | "yarn" | "berry" | "bun";

export interface PackageManager {
  readonly name: ManagerName;
  /** From `packageManager`, else as the lockfile's format tells; undefined where neither does. */
  readonly version: string | undefined;
}

/** A package of the workspace. The root is one too, under the name `//`. */
export interface Package {
  readonly name: string;
  /** From the root on, with slashes; empty for the root. */
  readonly folder: string;
  /** Name in its package.json, which for the root is not that by which it is called. */
  readonly ownName: string;
  readonly version: string | undefined;
  readonly scripts: Readonly<Record<string, string>>;
  /** Every dependency by name with its range, of all kinds. */
  readonly dependencies: Readonly<Record<string, string>>;
  /** `main`, `module`, `types`, `bin`, `exports`: what others get. */
  readonly entries: Readonly<Record<string, unknown>>;
  /** `engines` and `packageManager`-like words that decide about tools. */
  readonly engines: Readonly<Record<string, string>>;
  /** The file itself, from the root on. */
  readonly manifest: string;
}

export type EnvMode = "strict" | "loose";
type OutputLogs = "full" | "hash-only" | "new-only" | "errors-only" | "none";

/** How a task is done, after everything that describes it was put together. */
export interface TaskDefinition {
  /** `^name`: that task of every dependency; `name`: of the same package; `package#name`. */
  readonly dependsOn: readonly string[];
  /** Patterns from the package on; undefined for all of its files. */
  readonly inputs: readonly string[] | undefined;
  readonly outputs: readonly string[];
  /** Names and patterns of variables that the result depends on. */
  readonly env: readonly string[];
  /** Those that only reach the task. */
  readonly passThroughEnv: readonly string[];
  readonly cache: boolean;
  readonly persistent: boolean;
  readonly interactive: boolean;
  readonly outputLogs: OutputLogs;
  /** Tasks that are started along with it. */
  readonly with: readonly string[];
  /** What is done instead of a script of the package. */
  readonly command?: TaskCommand | undefined;
  /** Name of the script, where it is not that of the task. */
  readonly script?: string | undefined;
  /** Outputs begin at the root, not at the package. */
  readonly isRootedOutputs?: boolean | undefined;
  /** Patterns of inputs mean files that git tracks or would track, and no others. */
  readonly isListedInputs?: boolean | undefined;
  /** Commands whose output the result depends on. */
  readonly runtime?: readonly string[] | undefined;
  /** When one that lasts for ever is there for those that depend on it. */
  readonly readyWhen?: Readiness | undefined;
  /** False for one that lasts and sees changes by itself. */
  readonly interruptible?: boolean | undefined;
  /** How often it is begun again after it failed. */
  readonly retries?: number | undefined;
}

interface TaskCommand {
  /** As a shell reads it. */
  readonly text: string;
  /** Where it is done, from the root on; empty for the root. */
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** All that is said has to be so. */
export interface Readiness {
  /** Of this machine, where somebody listens. */
  readonly port?: number | undefined;
  /** Answers with a status below 400. */
  readonly url?: string | undefined;
  /** A regular expression, of a line that it writes. */
  readonly line?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

/** How a task is done of which nothing is said. */
export const plainTask: TaskDefinition = {
  dependsOn: [],
  inputs: undefined,
  outputs: [],
  env: [],
  passThroughEnv: [],
  cache: true,
  persistent: false,
  interactive: false,
  outputLogs: "full",
  with: [],
};

/** What holds for all tasks. */
export interface GlobalRules {
  readonly files: readonly string[];
  readonly env: readonly string[];
  readonly passThroughEnv: readonly string[];
  readonly envMode: EnvMode;
}

/** The rules of a workspace, whoever wrote them. */
export interface TaskRules {
  /** What wrote them, as people call it: `turbo.json`, `scripts`. */
  readonly source: string;
  readonly global: GlobalRules;
  /** Undefined where nothing says anything about such a task of this package. */
  definitionOf(pkg: Package, task: string): TaskDefinition | undefined;
  /** Names of tasks there are rules for, in any package. */
  readonly names: ReadonlySet<string>;
}

export interface Workspace {
  /** Absolute. */
  readonly root: string;
  readonly manager: PackageManager;
  /** By name, in order of folders; the root first. */
  readonly packages: ReadonlyMap<string, Package>;
  readonly rules: TaskRules;
  /** Whether there are packages besides the root. */
  readonly isMonorepo: boolean;
  /** File name of the lockfile in the root. */
  readonly lockfile: string | undefined;
}

/** Name of the package at the root. */
export const rootName = "//";
