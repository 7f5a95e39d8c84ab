// Tells when one of many files may have changed: their folders are watched, since editors replace files rather than write into them.
import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { dirname, join } from "node:path";
import { changedSince } from "./changed-since.ts";

/** Changes that come within this are one. */
const quietMs = 30;

/** Files, and when somebody began to read them. */
export interface Watched {
  readonly files: readonly string[];
  readonly startedMs: number;
}

export class FileWatch {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #isOurs: (path: string) => boolean;
  readonly #changed: () => Promise<Watched>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isDirty = false;
  #isOver = false;
  #working: Promise<void> | undefined;

  /**
   * Calls `changed` when a file of these has changed, and then watches what it resolves to: one call at a time, and no change is
   * missed. `isOurs`: a path that is written by whoever watches.
   */
  constructor(
    watched: Watched,
    p: { readonly isOurs: (path: string) => boolean; readonly changed: () => Promise<Watched> },
  ) {
    this.#isOurs = p.isOurs;
    this.#changed = p.changed;
    this.#follow(watched);
  }

  /** Ends it; resolves when the last call has ended. */
  async stop(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    await this.#working;
  }

  #note = (): void => {
    this.#isDirty = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#isOver) this.#working ??= this.#work();
    }, quietMs);
  };

  async #work(): Promise<void> {
    while (this.#isDirty && !this.#isOver) {
      this.#isDirty = false;
      this.#follow(await this.#changed());
    }
    this.#working = undefined;
  }

  #follow({ files, startedMs }: Watched): void {
    if (this.#isOver) return;
    const own = files.filter((path) => !path.includes("/node_modules/"));
    const folders = new Set(own.map((path) => dirname(path)));
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) {
      if (this.#watchers.has(folder)) continue;
      const watcher = watch(folder, (_event, name) => {
        if (name === null || !this.#isOurs(join(folder, name))) this.#note();
      });
      // The folder is gone: so is what was in it.
      watcher.on("error", this.#note);
      this.#watchers.set(folder, watcher);
    }
    // Between the reading and the watching.
    if (own.some((path) => changedSince(path, startedMs))) this.#note();
  }
}
