// The source of file triggers: begins to watch when code that has one is deployed. What watches is loaded then.
import type { Clock, Logger, TriggerSink, TriggerSource, WatchedTrigger } from "@sluice/core";
import type { WatchedFiles } from "./watched-files.ts";

export interface FileSourceOptions {
  /** What folders are relative to. */
  readonly project: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Pause between two looks where the system says nothing. Default 5 seconds. */
  readonly lookMs?: number | undefined;
}

const lookMsDefault = 5_000;

export class FileSource implements TriggerSource {
  readonly source = "file";
  readonly #options: FileSourceOptions;
  readonly #watched = new Map<string, WatchedFiles>();
  /** Changes of what is watched, one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: FileSourceOptions) {
    this.#options = options;
  }

  watch(triggers: readonly WatchedTrigger[], sink: TriggerSink): void {
    if (triggers.length === 0 && this.#watched.size === 0) return;
    this.#turn = this.#turn.then(() => this.#follow(triggers, sink));
  }

  async #follow(triggers: readonly WatchedTrigger[], sink: TriggerSink): Promise<void> {
    const { clock, log, project, lookMs = lookMsDefault } = this.#options;
    const { WatchedFiles: Files } = await import("./watched-files.ts");
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
    await this.#turn;
    for (const files of this.#watched.values()) await files.stop();
  }
}
