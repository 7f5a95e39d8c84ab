// Everything that changes the files of logs, one call after the other, and what is done about a crash between any two of them.
// Threads share this work between them; here it is in one place and on one thread, as tests and small programs use it.
import { mkdirSync, statfsSync } from "node:fs";
import { SluiceError } from "@sluice/protocol";
import type { Catalog } from "../archive/catalog.ts";
import type { Appended, LogBatch, Place } from "../entry.ts";
import { LogDatabase } from "./database.ts";
import { dropUnsealed } from "./day.ts";
import { Head, headFile } from "./head.ts";
import type { HeadState, Tombstone } from "./head.ts";
import { rewriteDays } from "./rewriting.ts";
import type { Rewritten } from "./rewriting.ts";
import { oldestDay, removeOld } from "./retention.ts";
import type { Keeping } from "./retention.ts";
import { daysOfHead, sealHead } from "./sealing.ts";
import type { Damage, Sealed } from "./sealing.ts";
import type { StepTold } from "./steps.ts";

export interface FileOptions extends Keeping {
  readonly folder: string;
  readonly chunkBytesMax: number;
  /** How long keys of batches are remembered. */
  readonly keysKeptMs: number;
  /** Free bytes of the disk below which nothing is taken; without it there is always room. */
  readonly diskFreeBytesMin?: number | undefined;
  readonly step?: StepTold | undefined;
}

/** How long what the disk had free is taken for what it has. */
const roomKnownMs = 1_000;

export class LogFiles {
  readonly #options: FileOptions;
  readonly #head: Head;
  /** When the disk was looked at last, and whether there was room. */
  #room: { readonly atMs: number; readonly isThere: boolean } | undefined;

  /** Opens the folder, which is made where it is not there, and takes back a sealing that was cut short. */
  constructor(options: FileOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.#head = new Head({ folder: options.folder, step: options.step });
    try {
      this.#recover();
    } catch (error) {
      this.#head.close();
      throw error;
    }
  }

  get state(): HeadState {
    return this.#head.state;
  }

  #recover(): void {
    const { intent, sealed } = this.#head.state;
    if (intent === undefined) return;
    this.#options.step?.("undo");
    for (const day of intent.days) dropUnsealed({ folder: this.#options.folder, day, sealed });
    this.#head.forget();
    this.#options.step?.("undone");
  }

  /** Which days stand in archives. */
  get catalog(): Catalog {
    return this.#head.catalog;
  }

  /** Throws `disk_full` while the disk has less than it should have free: what is there stays readable. */
  append(batches: readonly LogBatch[], nowMs: number): Appended[] {
    this.#checkRoom(nowMs);
    return this.#head.append(batches, { nowMs, keysFromMs: nowMs - this.#options.keysKeptMs });
  }

  #checkRoom(nowMs: number): void {
    const { folder, diskFreeBytesMin = 0 } = this.#options;
    if (diskFreeBytesMin === 0) return;
    if (this.#room === undefined || nowMs - this.#room.atMs >= roomKnownMs || nowMs < this.#room.atMs) {
      const { bavail, bsize } = statfsSync(folder);
      this.#room = { atMs: nowMs, isThere: bavail * bsize >= diskFreeBytesMin };
    }
    if (this.#room.isThere) return;
    throw new SluiceError({
      code: "disk_full",
      message: `The disk that holds the logs has less than ${diskFreeBytesMin} bytes free (logDiskFreeBytesMin); nothing was written.`,
      hint: "Free some space: work goes on by itself.",
    });
  }

  places(names: readonly string[]): Place[] {
    return this.#head.places(names);
  }

  openPlaces(p: { readonly after: string; readonly limit: number }): Place[] {
    return this.#head.openPlaces(p);
  }

  /** The sealing of all that stands in the head now; undefined where that is nothing. */
  beginSeal(): { readonly from: number; readonly to: number } | undefined {
    const { lastSeq: to, sealed: from, intent } = this.#head.state;
    if (intent !== undefined) this.#recover();
    if (to === from) return undefined;
    this.#head.intend({ from, to, days: this.#readHead((head) => daysOfHead(head, { above: from, to })) });
    return { from, to };
  }

  /** The part of a sealing that reads the head and writes chunks. It touches nothing that `append` does. */
  writeChunks({ from, to }: { readonly from: number; readonly to: number }, nowMs: number): Sealed {
    return this.#readHead((head) => writeChunks(this.#options, { head, from, to, nowMs }));
  }

  /** The chunks count, and the head is that much shorter. */
  endSeal(to: number, damaged: readonly Damage[]): void {
    this.#head.truncate(to, headIds(damaged));
  }

  seal(nowMs: number): Sealed | undefined {
    const range = this.beginSeal();
    if (range === undefined) return undefined;
    const sealed = this.writeChunks(range, nowMs);
    this.endSeal(range.to, sealed.damaged);
    return sealed;
  }

  /** Removes what is kept no longer; answers with the days. */
  retain(nowMs: number): string[] {
    const { folder, step } = this.#options;
    return removeOld({ folder, keeping: this.#options, nowMs, step });
  }

  bury(p: Omit<Tombstone, "id" | "upToSeq"> & { readonly nowMs: number }): Tombstone {
    return this.#head.bury(p);
  }

  get buried(): Tombstone[] {
    return this.#head.buried;
  }

  /** Takes what is deleted, and sealed, out of the chunks. It changes nothing of the head. */
  rewrite(tombstone: Tombstone): Rewritten {
    const { folder, step } = this.#options;
    return rewriteDays({ folder, tombstone, sealed: this.#head.state.sealed, step });
  }

  rewritten(id: number, nowMs: number): void {
    this.#head.rewritten(id, nowMs);
  }

  unbury(beforeMs: number): void {
    this.#head.unbury(beforeMs);
  }

  close(): void {
    this.#head.close();
  }

  #readHead<T>(read: (head: LogDatabase) => T): T {
    const head = new LogDatabase(headFile(this.#options.folder), "read");
    try {
      return read(head);
    } finally {
      head.close();
    }
  }
}

/** Batches of the head among what is damaged. */
export function headIds(damaged: readonly Damage[]): number[] {
  return damaged.flatMap(({ file, id }) => (file === "head" ? [id] : []));
}

/** Chunks of a range of the head, which is open to read. */
export function writeChunks(
  options: Pick<FileOptions, "folder" | "chunkBytesMax" | "step" | keyof Keeping>,
  p: { readonly head: LogDatabase; readonly from: number; readonly to: number; readonly nowMs: number },
): Sealed {
  const { folder, chunkBytesMax, step } = options;
  const { head, from, to, nowMs } = p;
  return sealHead({ folder, head, from, to, chunkBytesMax, oldestDay: oldestDay(options, nowMs), step });
}
