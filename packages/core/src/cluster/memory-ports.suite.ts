// For tests: files in memory, a clock that is moved by hand, and digests.
import { createHash } from "node:crypto";
import type { Clock } from "../kernel/clock.ts";
import type { Files } from "./ports.ts";

/** Files by path; a folder is there when a file is in it. */
export function memoryFiles(files: Readonly<Record<string, string>>): Files {
  return {
    read: async (path) => files[path],
    list: async (path) => {
      const inside = Object.keys(files).filter((each) => each.startsWith(`${path}/`));
      const names = new Set(inside.map((each) => each.slice(path.length + 1).split("/")[0] ?? ""));
      return names.size === 0 ? undefined : [...names].toSorted();
    },
  };
}

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** What is longer is a deadline, and takes as long as it says. */
const pauseMsMax = 20_000;

/** Pauses take no time: a timer fires as soon as nothing else is to be done. */
export class HastyClock implements Clock {
  readonly steady = true;
  #now: number;

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const due = this.#now + delayMs;
    const timer = setTimeout(
      () => {
        this.#now = Math.max(this.#now, due);
        callback();
      },
      delayMs > pauseMsMax ? delayMs : 0,
    );
    return () => clearTimeout(timer);
  }
}
