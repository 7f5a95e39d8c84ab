// Watches the folders that a project's code comes from, and builds it anew when something in them changes.
import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Build } from "./bundle-build.ts";
import type { BuildResult } from "./bundle-messages.ts";
import { configFile, workflowFolders } from "./project.ts";

export interface WatchOptions {
  readonly project: string;
  /** Changes that follow each other this closely are one. */
  readonly debounceMs: number;
  readonly build: () => Promise<Build>;
  readonly rebuilt: (result: BuildResult, changedAt: number) => void;
  readonly configChanged: () => void;
}

/** Builds once to learn what to watch, and then at each change. The first build is not reported. */
export async function watchProject(options: WatchOptions): Promise<void> {
  const watching = new Watching(options);
  await watching.start();
}

class Watching {
  readonly #options: WatchOptions;
  readonly #folders = new Map<string, FSWatcher>();
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
    const build = await this.#options.build();
    this.#last = identity(build.result);
    this.#follow(build);
  }

  /** Folders rather than files: editors replace files, and new ones appear. */
  #follow({ inputs }: Build): void {
    if (inputs.length > 0) this.#inputs = inputs;
    const { project } = this.#options;
    const own = this.#inputs.filter((input) => !input.includes("/node_modules/"));
    const wanted = new Set([project, ...workflowFolders(project), ...own.map(dirname)]);
    for (const [folder, watcher] of this.#folders) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    for (const folder of wanted) if (!this.#folders.has(folder)) this.#watch(folder);
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, (_event, name) => this.#changed(folder, name === null ? "" : basename(name)));
      watcher.on("error", () => {
        watcher.close();
        this.#folders.delete(folder);
      });
      this.#folders.set(folder, watcher);
    } catch {
      // The folder has gone: the change that took it away builds anew.
    }
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
    const build = await this.#options.build();
    this.#follow(build);
    const current = identity(build.result);
    if (current !== this.#last) {
      this.#last = current;
      this.#options.rebuilt(build.result, changedAt);
    }
    this.#building = false;
    if (!this.#again) return;
    this.#again = false;
    await this.#rebuild();
  }
}

function identity(result: BuildResult): string {
  return result.ok ? result.version : JSON.stringify(result.problems);
}
