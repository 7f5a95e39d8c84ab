// Watches the folders that a project's code comes from, and builds it anew when something in them changes.
import { existsSync, readFileSync, watch } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Build } from "./bundle-build.ts";
import type { BuildResult } from "./bundle-messages.ts";
import { FolderPoll } from "./folder-poll.ts";
import { configFile, workflowFiles, workflowFolders } from "./project.ts";

/** How often a folder is looked at that cannot be watched. */
const lookEveryMs = 1_000;

export interface WatchOptions {
  readonly project: string;
  /** Changes that follow each other this closely are one. */
  readonly debounceMs: number;
  readonly build: () => Promise<Build>;
  /** What has been built and told before, if anything has. */
  readonly before: BuildResult | undefined;
  readonly rebuilt: (result: BuildResult, changedAt: number) => void;
  readonly configChanged: () => void;
  /** A folder that is there cannot be watched: it is looked at once a second from now on. */
  readonly unwatched: (folder: string, why: string) => void;
  /** The system's own watching of folders, or something in its place. */
  readonly watch?: (folder: string, changed: (name: string) => void, failed: (error: unknown) => void) => Closeable;
}

interface Closeable {
  close(): void;
}

/** Builds once to learn what to watch, and then at each change. A build that gives what is known already is not reported. */
export async function watchProject(options: WatchOptions): Promise<void> {
  const watching = new Watching(options);
  await watching.start();
}

class Watching {
  readonly #options: WatchOptions;
  readonly #folders = new Map<string, Closeable>();
  #inputs: readonly string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #changedAt = 0;
  #building = false;
  #again = false;
  #last = "";

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { before } = this.#options;
    this.#last = before === undefined ? "" : identity(before);
    this.#changedAt = Date.now();
    // The folders first: what changes while the first build runs is built again.
    this.#follow();
    await this.#rebuild();
  }

  /** Folders rather than files: editors replace files, and new ones appear. True when a folder was added. */
  #follow(): boolean {
    const { project } = this.#options;
    const own = this.#inputs.filter((input) => !input.includes("/node_modules/"));
    const wanted = new Set([project, ...workflowFolders(project), ...own.map(dirname)]);
    for (const [folder, watcher] of this.#folders) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    const added = [...wanted].filter((folder) => !this.#folders.has(folder));
    for (const folder of added) this.#watch(folder);
    return added.some((folder) => this.#folders.has(folder));
  }

  #watch(folder: string): void {
    const { watch: open = watchFolder } = this.#options;
    const changed = (name: string): void => this.#changed(folder, name);
    try {
      const watcher = open(folder, changed, (error) => {
        watcher.close();
        this.#folders.delete(folder);
        this.#lookAt(folder, error);
      });
      this.#folders.set(folder, watcher);
    } catch (error) {
      this.#lookAt(folder, error);
    }
  }

  /** One that has gone is not wanted: the change that took it away builds anew. Changes of any other must not be missed. */
  #lookAt(folder: string, error: unknown): void {
    if (!existsSync(folder)) return;
    const changed = (name: string): void => this.#changed(folder, name);
    this.#folders.set(folder, new FolderPoll({ folder, everyMs: lookEveryMs, changed }));
    this.#options.unwatched(folder, error instanceof Error ? error.message : String(error));
  }

  #changed(folder: string, name: string): void {
    if (name.startsWith(".sluice") || name === "node_modules" || name === ".git") return;
    const { project, configChanged, debounceMs } = this.#options;
    if (folder === project && name === configFile) {
      configChanged();
      return;
    }
    const relevant =
      folder !== project ||
      name === "workflows" ||
      name === "tsconfig.json" ||
      this.#inputs.includes(join(folder, name));
    if (!relevant) return;
    if (this.#timer === undefined) this.#changedAt = Date.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#rebuild(), debounceMs);
  }

  async #rebuild(): Promise<void> {
    this.#timer = undefined;
    if (this.#building) {
      this.#again = true;
      return;
    }
    this.#building = true;
    const changedAt = this.#changedAt;
    const { result, inputs } = await this.#options.build();
    // A build that failed does not say what it read.
    this.#inputs = result.ok ? inputs : [...new Set([...this.#inputs, ...reachedFiles(this.#options.project)])];
    // What changed in a folder before it was watched, but after it was read, has to be seen too.
    if (this.#follow()) this.#again = true;
    const current = identity(result);
    if (current !== this.#last) {
      this.#last = current;
      this.#options.rebuilt(result, changedAt);
    }
    this.#building = false;
    if (!this.#again) return;
    this.#again = false;
    await this.#rebuild();
  }
}

function watchFolder(folder: string, changed: (name: string) => void, failed: (error: unknown) => void): Closeable {
  const watcher = watch(folder, (_event, name) => changed(name === null ? "" : basename(name)));
  watcher.on("error", failed);
  return watcher;
}

function identity(result: BuildResult): string {
  return result.ok ? result.version : JSON.stringify(result.problems);
}

const extensions = ["", ".ts", ".mts", ".tsx", ".js", ".mjs", "/index.ts", "/index.js"];

/** The files that the workflows import from one another, as far as they can be parsed; those that are missing too. */
function reachedFiles(project: string): string[] {
  const reached = new Set(workflowFiles(project).map((file) => join(project, file)));
  for (const file of reached) {
    for (const path of relativeImports(file)) {
      const target = join(dirname(file), path);
      const found = extensions.map((extension) => target + extension).find((each) => existsSync(each));
      reached.add(found ?? target);
    }
  }
  return [...reached].filter((file) => existsSync(dirname(file)));
}

function relativeImports(file: string): string[] {
  try {
    const imports = new Bun.Transpiler({ loader: "tsx" }).scanImports(readFileSync(file, "utf8"));
    return imports.map((each) => each.path).filter((path) => path.startsWith("."));
  } catch {
    // What is missing or cannot be parsed imports nothing.
    return [];
  }
}
