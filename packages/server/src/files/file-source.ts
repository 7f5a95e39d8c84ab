// The source of file triggers: begins to watch when code that has one is deployed. What watches is loaded then.
import type { Clock, Logger, TriggerSink, TriggerSource, WatchedTrigger } from "@sluice/core";
import { lazily } from "@sluice/core";
import type * as watching from "./watched-files.ts";
import type { WatchedFiles } from "./watched-files.ts";

export interface FileSourceOptions {
  /** What folders are relative to. */
  readonly project: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Pause between two looks where the system says nothing. Default 5 seconds. */
  readonly lookMs?: number | undefined;
  /** Loads what watches. */
  readonly load?: (() => Promise<Watching>) | undefined;
}

type Watching = Pick<typeof watching, "WatchedFiles">;

const lookMsDefault = 5_000;

export class FileSource implements TriggerSource {
  readonly source = "file";
  readonly #options: FileSourceOptions;
  readonly #load: () => Promise<Watching>;
  readonly #watched = new Map<string, WatchedFiles>();
  /** Changes of what is watched, one after the other. */
  #turn: Promise<void> = Promise.resolve();
  /** Ends the wait for another try. */
  #cancelRetry: (() => void) | undefined;
  #stopped = false;

  constructor(options: FileSourceOptions) {
    this.#options = options;
    this.#load = lazily(options.load ?? (() => import("./watched-files.ts")));
  }

  watch(triggers: readonly WatchedTrigger[], sink: TriggerSink): void {
    if (triggers.length === 0 && this.#watched.size === 0) return;
    this.#cancelRetry?.();
    this.#turn = this.#turn
      .then(() => this.#follow(triggers, sink))
      .catch((error: unknown) => this.#tryLater(triggers, sink, error));
  }

  /** Says at each trigger that it is not watched, and tries again after a pause. */
  async #tryLater(triggers: readonly WatchedTrigger[], sink: TriggerSink, error: unknown): Promise<void> {
    const { clock, log, lookMs = lookMsDefault } = this.#options;
    log("error", "files cannot be watched yet", { triggers: triggers.length, error: String(error) });
    if (this.#stopped) return;
    this.#cancelRetry = clock.after(lookMs, () => this.watch(triggers, sink));
    const said = error instanceof Error ? error : new Error(String(error));
    for (const { id } of triggers) await sink.ail(id, said);
  }

  async #follow(triggers: readonly WatchedTrigger[], sink: TriggerSink): Promise<void> {
    const { clock, log, project, lookMs = lookMsDefault } = this.#options;
    const { WatchedFiles: Files } = await this.#load();
    for (const files of this.#watched.values()) await files.stop();
    this.#watched.clear();
    if (this.#stopped) return;
    for (const trigger of triggers) {
      const files = new Files({ project, clock, log, lookMs, trigger, sink });
      this.#watched.set(trigger.id, files);
      files.start();
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry?.();
    await this.#turn;
    for (const files of this.#watched.values()) await files.stop();
  }
}
