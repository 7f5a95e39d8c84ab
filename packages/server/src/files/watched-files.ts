// The files of one trigger: looked at when the system says that something has changed, and from time to time. What counts is
// the difference to what was noted durably, so that a restart neither repeats a change nor misses one.
import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import type { Clock, Happening, Logger, TriggerMark, TriggerSink, WatchedTrigger } from "@sluice/core";
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { FileChange, FileEvent } from "@sluice/sdk";

export interface WatchedFilesOptions {
  readonly project: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly lookMs: number;
  readonly trigger: WatchedTrigger;
  readonly sink: TriggerSink;
}

/** What the code says, as `fileWatch` describes it. */
interface FileConfig {
  readonly pattern: string;
  readonly folder: string;
  readonly changes: readonly FileChange[];
  readonly settleMs: number;
  readonly existing: boolean;
}

/** A file as it was seen. */
interface Seen {
  readonly mark: string;
  readonly size: number;
  readonly modifiedAt: number;
}

/** Files of one trigger; with more, a narrower pattern is asked for. */
const filesMax = 10_000;
/** Changes reported in one commit. */
const reportMax = 500;
/** Stands for a first look that was taken: no path is written like this. */
const lookedKey = "//looked";

export class WatchedFiles {
  readonly #options: WatchedFilesOptions;
  readonly #config: FileConfig;
  readonly #root: string;
  /** What is noted durably, by path. */
  #known: Map<string, TriggerMark> | undefined;
  /** Files that differ from what is noted, and since when they have been left alone. */
  readonly #settling = new Map<string, { readonly mark: string; readonly since: number }>();
  #watcher: FSWatcher | undefined;
  #cancel: (() => void) | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #stopped = false;

  constructor(options: WatchedFilesOptions) {
    this.#options = options;
    this.#config = decodeValue(options.trigger.config) as FileConfig;
    this.#root = resolve(options.project, this.#config.folder);
  }

  start(): void {
    this.#lookIn(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    this.#watcher?.close();
    await this.#looking;
  }

  /** Looks in so many milliseconds, or earlier where that was wanted before. */
  #lookIn(ms: number): void {
    const { clock } = this.#options;
    const dueAt = clock.now() + ms;
    if (this.#stopped || dueAt >= this.#dueAt) return;
    this.#cancel?.();
    this.#dueAt = dueAt;
    this.#cancel = clock.after(ms, () => {
      this.#dueAt = Number.POSITIVE_INFINITY;
      this.#looking = (this.#looking ?? Promise.resolve()).then(() => this.#turn());
    });
  }

  async #turn(): Promise<void> {
    if (this.#stopped) return;
    const { log, lookMs, sink, trigger } = this.#options;
    try {
      this.#listen();
      const soonMs = await this.#look();
      await sink.ail(trigger.id, undefined);
      this.#lookIn(Math.min(lookMs, soonMs));
    } catch (error) {
      const problem = error instanceof Error ? error : new Error(String(error));
      log("warn", "files could not be watched", { trigger: trigger.id, error: problem.message });
      await sink
        .ail(trigger.id, problem)
        .catch((failure: unknown) =>
          log("error", "a trigger's failure could not be noted", { trigger: trigger.id, error: String(failure) }),
        );
      this.#lookIn(lookMs);
    }
  }

  /** The system's word makes it look at once; without it, it looks from time to time. */
  #listen(): void {
    if (this.#watcher !== undefined) return;
    try {
      this.#watcher = watch(this.#root, { recursive: true, persistent: false }, () =>
        this.#lookIn(this.#config.settleMs),
      );
      this.#watcher.on("error", () => {
        this.#watcher?.close();
        this.#watcher = undefined;
      });
    } catch {
      // The folder is not there yet, or cannot be listened to: it is looked at from time to time.
      this.#watcher = undefined;
    }
  }

  /** Reports what differs and has been left alone; milliseconds until something else may be ready. */
  async #look(): Promise<number> {
    const { sink, trigger } = this.#options;
    this.#known ??= new Map(await sink.marks(trigger.id));
    const found = await this.#scan();
    if (!this.#known.has(lookedKey)) return this.#begin(found);
    const { ready, soonMs } = this.#settled(found, this.#known);
    const gone = [...this.#known.keys()].filter((path) => path !== lookedKey && !found.has(path));
    for (let at = 0; at < ready.length; at += reportMax) await this.#report(ready.slice(at, at + reportMax), found);
    for (let at = 0; at < gone.length; at += reportMax) await this.#reportGone(gone.slice(at, at + reportMax));
    return soonMs;
  }

  /** The first look of all: what is there is noted, and counts as created only where the code says so. */
  async #begin(found: ReadonlyMap<string, Seen>): Promise<number> {
    const paths = this.#config.existing ? [] : [...found.keys()];
    for (let at = 0; at < paths.length; at += reportMax) {
      const some = paths.slice(at, at + reportMax);
      await this.#note(
        [],
        some.map((path) => ({ key: path, mark: found.get(path)?.mark })),
      );
    }
    await this.#note([], [{ key: lookedKey }]);
    return 0;
  }

  #settled(found: ReadonlyMap<string, Seen>, known: ReadonlyMap<string, TriggerMark>) {
    const now = this.#options.clock.now();
    const ready: string[] = [];
    let soonMs = Number.POSITIVE_INFINITY;
    for (const path of this.#settling.keys()) if (!found.has(path)) this.#settling.delete(path);
    for (const [path, { mark }] of found) {
      if (known.get(path)?.mark === mark) {
        this.#settling.delete(path);
        continue;
      }
      const before = this.#settling.get(path);
      const since = before?.mark === mark ? before.since : now;
      const leftMs = since + this.#config.settleMs - now;
      if (leftMs <= 0) ready.push(path);
      else soonMs = Math.min(soonMs, leftMs);
      this.#settling.set(path, { mark, since });
    }
    return { ready, soonMs };
  }

  async #report(paths: readonly string[], found: ReadonlyMap<string, Seen>): Promise<void> {
    const happenings: Happening[] = [];
    const marks: { readonly key: string; readonly mark: string }[] = [];
    for (const path of paths) {
      const seen = found.get(path);
      if (seen === undefined) continue;
      const change = this.#known?.has(path) === true ? "changed" : "created";
      const noted = { key: path, mark: seen.mark };
      if (!this.#config.changes.includes(change)) marks.push(noted);
      else happenings.push({ ...noted, input: this.#inputOf(change, path, seen) });
    }
    await this.#note(happenings, marks);
    for (const path of paths) this.#settling.delete(path);
  }

  async #reportGone(paths: readonly string[]): Promise<void> {
    const wanted = this.#config.changes.includes("deleted");
    const happenings = wanted
      ? paths.map((path) => ({ key: path, mark: "deleted", input: this.#inputOf("deleted", path, undefined) }))
      : [];
    await this.#note(happenings, [], paths);
  }

  /** Makes it durable, and then knows it. Throws where nothing was written. */
  async #note(
    happenings: readonly Happening[],
    marks: readonly { readonly key: string; readonly mark?: string | undefined }[],
    forget: readonly string[] = [],
  ): Promise<void> {
    const { sink, trigger, clock } = this.#options;
    const reported = await sink.report({ trigger: trigger.id, happenings, marks, forget });
    if (!reported.ok) throw new Error(reported.error.message);
    for (const { key, mark } of [...happenings, ...marks]) this.#known?.set(key, { key, mark, at: clock.now() });
    for (const path of forget) this.#known?.delete(path);
  }

  #inputOf(change: FileChange, path: string, seen: Seen | undefined): Uint8Array {
    const event: FileEvent = {
      change,
      path,
      folder: this.#root,
      ...(seen === undefined ? {} : { size: seen.size, modifiedAt: Math.floor(seen.modifiedAt) }),
    };
    return encodeValue(event);
  }

  async #scan(): Promise<Map<string, Seen>> {
    const found = new Map<string, Seen>();
    const glob = new Bun.Glob(this.#config.pattern);
    for await (const name of glob.scan({ cwd: this.#root, onlyFiles: true })) {
      if (found.size >= filesMax) {
        throw new Error(`More than ${filesMax} files fit ${this.#config.pattern} (filesMax): use a narrower pattern.`);
      }
      const path = name.split(sep).join("/");
      const seen = await seenAt(join(this.#root, name));
      if (seen !== undefined) found.set(path, seen);
    }
    return found;
  }
}

/** Undefined for what has gone meanwhile. */
async function seenAt(file: string): Promise<Seen | undefined> {
  try {
    const { mtimeMs, size, ino } = await stat(file);
    return { mark: `${mtimeMs}:${size}:${ino}`, size, modifiedAt: mtimeMs };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
