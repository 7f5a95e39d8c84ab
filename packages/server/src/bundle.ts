// The server's end of the bundling process.
import type { Subprocess } from "bun";
import type { BuildResult, BundleAnswer, BundleRequest, ConfigResult, InstalledModules } from "./bundle-messages.ts";

export interface BundlerOptions {
  readonly project: string;
  readonly modules: InstalledModules;
}

/** Told of what happens while watching. */
export interface WatchHandlers {
  /** `changedAt` in milliseconds since 1970. */
  readonly rebuilt: (result: BuildResult, changedAt: number) => void;
  readonly configChanged: () => void;
  /** A folder that cannot be watched is looked at once a second instead. */
  readonly unwatched: (folder: string, why: string) => void;
}

/** Changes that follow each other this closely are one: editors write a file in several steps. */
const debounceMs = 15;

type Waiting = (answer: BundleAnswer | undefined) => void;

/** A process that died while it watched is replaced after this long. */
const respawnMs = 1_000;

/** Starts the process when it is made; `stop` ends it. */
export class Bundler {
  readonly #options: BundlerOptions;
  readonly #waiting: Waiting[] = [];
  #process: Subprocess<"ignore", 2, "inherit">;
  #watching: { readonly folder: string; readonly handlers: WatchHandlers } | undefined;
  #gone = false;
  #stopped = false;

  constructor(options: BundlerOptions) {
    this.#options = options;
    this.#process = this.#spawn();
  }

  #spawn(): Subprocess<"ignore", 2, "inherit"> {
    const name = import.meta.url.endsWith(".ts") ? "./bundle-process.ts" : "./bundle-process.js";
    const entry = Bun.fileURLToPath(new URL(name, import.meta.url));
    return Bun.spawn([process.execPath, "--no-install", entry], {
      cwd: this.#options.project,
      stdin: "ignore",
      // Standard output is the ready line's; what the user's configuration prints goes beside the log.
      stdout: 2,
      stderr: "inherit",
      detached: true,
      ipc: (message: BundleAnswer) => this.#take(message),
      onExit: () => this.#ended(),
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The settings of sluice.config.ts. */
  async config(): Promise<ConfigResult> {
    const { project, modules } = this.#options;
    const answer = await this.#ask({ type: "config", project, modules });
    if (answer?.type === "config") return answer.result;
    return { ok: false, problems: [{ message: "The bundling process ended before it had read the configuration." }] };
  }

  /** Bundles the project into `folder`. */
  async build(folder: string): Promise<BuildResult> {
    const { project, modules } = this.#options;
    const answer = await this.#ask({ type: "build", project, modules, folder });
    if (answer?.type === "build") return answer.result;
    return { ok: false, problems: [{ message: "The bundling process ended before the project was bundled." }] };
  }

  /** From now on changes are built into `folder` and reported, until `stop`; a process that dies meanwhile is replaced. */
  watch(folder: string, handlers: WatchHandlers): void {
    this.#watching = { folder, handlers };
    const { project, modules } = this.#options;
    this.#process.send({ type: "watch", project, modules, folder, debounceMs });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (!this.#gone) this.#process.kill("SIGKILL");
    await this.#process.exited;
  }

  #ask(request: BundleRequest): Promise<BundleAnswer | undefined> {
    if (this.#gone) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#process.send(request);
    });
  }

  #take(message: BundleAnswer): void {
    const handlers = this.#watching?.handlers;
    if (message.type === "rebuilt") handlers?.rebuilt(message.result, message.changedAt);
    else if (message.type === "config_changed") handlers?.configChanged();
    else if (message.type === "unwatched") handlers?.unwatched(message.folder, message.why);
    else this.#waiting.shift()?.(message);
  }

  #ended(): void {
    this.#gone = true;
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
    const watching = this.#watching;
    if (watching === undefined || this.#stopped) return;
    setTimeout(() => {
      if (this.#stopped) return;
      this.#gone = false;
      this.#process = this.#spawn();
      this.watch(watching.folder, watching.handlers);
    }, respawnMs);
  }
}
