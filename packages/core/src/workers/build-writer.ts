// What a build says on its way into the store: gathered while a commit is under way, so that a flood of small pieces costs few commits,
// and bounded, so that a flood of large ones is slowed where it comes from.
import { artifactDigests } from "./build-files.ts";
import type { BuildEnd, BuildRecord, BuildStore, NewBuildEvent } from "../kernel/build-store.ts";

/** Output of one stream is joined up to this. */
const pieceBytesMax = 64 * 1024;

export interface BuildWriterOptions {
  readonly store: BuildStore;
  readonly build: string;
  readonly epoch: number;
  readonly keepBytes: number;
  readonly pendingBytesMax: number;
  readonly now: () => number;
  readonly written: (build: BuildRecord) => void;
}

/** What became of what was written: `stale` when somebody else has the build. */
export type Written = { readonly outcome: "ok"; readonly build: BuildRecord } | { readonly outcome: "stale" };

export class BuildWriter {
  readonly #options: BuildWriterOptions;
  #events: NewBuildEvent[] = [];
  #bytes = 0;
  #writing: Promise<Written> | undefined;

  constructor(options: BuildWriterOptions) {
    this.#options = options;
  }

  /** Takes output of any size. A promise when the writer has enough: it resolves when there is room. */
  output(stream: "stdout" | "stderr", bytes: Uint8Array): Promise<void> | undefined {
    for (let at = 0; at < bytes.length; at += pieceBytesMax) this.#add(stream, bytes.subarray(at, at + pieceBytesMax));
    return this.#begin();
  }

  event(event: NewBuildEvent): Promise<void> | undefined {
    this.#events.push(event);
    return this.#begin();
  }

  /** Writes everything and the end; rejects when the store does. */
  async end(end: BuildEnd): Promise<Written> {
    while (this.#writing !== undefined) await this.#writing.catch(() => undefined);
    return this.#write(end);
  }

  #add(stream: "stdout" | "stderr", bytes: Uint8Array): void {
    const last = this.#events.at(-1);
    const before = last?.kind === "output" && last.stream === stream ? (last.bytes ?? new Uint8Array(0)) : undefined;
    this.#bytes += bytes.length;
    if (before === undefined || before.length + bytes.length > pieceBytesMax) {
      this.#events.push({ kind: "output", at: this.#options.now(), stream, bytes: bytes.slice() });
      return;
    }
    const joined = new Uint8Array(before.length + bytes.length);
    joined.set(before);
    joined.set(bytes, before.length);
    this.#events[this.#events.length - 1] = {
      kind: "output",
      at: last?.at ?? this.#options.now(),
      stream,
      bytes: joined,
    };
  }

  /** Keeps one write under way as long as there is something. */
  #begin(): Promise<void> | undefined {
    if (this.#writing === undefined) void this.#writeAll();
    return this.#bytes > this.#options.pendingBytesMax ? this.#room() : undefined;
  }

  async #room(): Promise<void> {
    while (this.#bytes > this.#options.pendingBytesMax && this.#writing !== undefined) {
      await this.#writing.catch(() => undefined);
    }
  }

  async #writeAll(): Promise<void> {
    while (this.#events.length > 0 && this.#writing === undefined) {
      const writing = this.#write(undefined);
      this.#writing = writing;
      // A commit that failed, for want of space, loses what was said and not the build.
      await writing.catch(() => undefined);
      this.#writing = undefined;
    }
  }

  async #write(end: BuildEnd | undefined): Promise<Written> {
    const { store, build, epoch, keepBytes, now, written } = this.#options;
    const events = this.#events;
    this.#events = [];
    this.#bytes = 0;
    const answer = await store.appendBuild({
      build,
      epoch,
      events,
      end,
      blobs: artifactDigests(end),
      keepBytes,
      now: now(),
    });
    if (answer.outcome === "ok") written(answer.build);
    return answer;
  }
}
