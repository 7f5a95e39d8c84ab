// What the rules of builds and worker bindings need of an adapter: rows by their keys. Each adapter keeps them in its own way.
import type { BuildEvent, BuildRecord, WorkerBinding } from "../../kernel/build-store.ts";

export interface BuildRows {
  build(id: string): BuildRecord | undefined;
  /** Adds it or puts it in the place of the one with its id. */
  putBuild(build: BuildRecord): void;
  /** Forgets it with its events, and lets go of the blobs it names. */
  deleteBuild(id: string): void;
  /** A build names blobs besides those it names already. */
  nameBlobs(build: string, hashes: readonly string[]): void;
  countQueued(): number;
  /** Ids of builds that ended before then, those that ended first before the others. */
  endedBefore(at: number, limit: number): readonly string[];
  addEvent(build: string, event: BuildEvent): void;
  /** Forgets the oldest output; answers how many bytes that was, 0 when there is none. */
  dropOldestOutput(build: string): number;

  binding(worker: string): WorkerBinding | undefined;
  bindingOfToken(token: string): WorkerBinding | undefined;
  putBinding(binding: WorkerBinding): void;
}
