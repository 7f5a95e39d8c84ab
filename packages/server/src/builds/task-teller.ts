// Tells a server what tasks of a build do while they do it: lines that they write become lines of the run, and which of them are
// being executed is its progress.
import { AsyncResource } from "node:async_hooks";
import type { TaskNode } from "@sluice/core/builds";
import type { Context } from "@sluice/sdk";
import type { ServedProgress, TaskLine } from "./served-builds.ts";

const linesMax = 2_000;
const lineCharsMax = 4_000;
/** Of hits together: what they wrote is where they were executed, too. */
const replayedBytesMax = 1_048_576;
const replayedTaskBytesMax = 65_536;

type Say = (text: string, isCut: boolean) => void;

/** Text of one task on its way, cut into lines. */
class Lines {
  readonly #say: Say;
  readonly #decoder = new TextDecoder();
  #rest = "";
  #count = 0;

  constructor(say: Say) {
    this.#say = say;
  }

  push(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
    if (this.#rest.length > lineCharsMax) this.end();
  }

  end(): void {
    if (this.#rest !== "") this.#line(this.#rest);
    this.#rest = "";
  }

  #line(text: string): void {
    this.#count++;
    if (this.#count <= linesMax) this.#say(text.slice(0, lineCharsMax), false);
    if (this.#count === linesMax + 1) this.#say("", true);
  }
}

export class TaskTeller {
  readonly #lines = new Map<string, Lines>();
  readonly #replayed = new Map<string, Uint8Array>();
  readonly #running = new Map<string, number>();
  readonly #now: () => number;
  #replayedBytes = 0;
  #done = 0;
  #total = 0;
  #ctx: Context | undefined;

  /** `now`: milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Has a task's lines belong to the step in which `body` executes it. */
  async within<T>(ctx: Context, task: string, body: () => Promise<T>): Promise<T> {
    this.#ctx = ctx;
    // What a process writes comes from outside of the step.
    const say = AsyncResource.bind((text: string, isCut: boolean): void => {
      const about: TaskLine = isCut ? { task, cut: true } : { task };
      ctx.log.info(text, about);
    });
    const lines = new Lines(say);
    this.#lines.set(task, lines);
    try {
      return await body();
    } finally {
      lines.end();
      this.#lines.delete(task);
      if (this.#running.delete(task)) this.#tell();
    }
  }

  /** The build has so many tasks, of which so many need nothing. */
  planned(ctx: Context, total: number, settled: number): void {
    this.#ctx = ctx;
    this.#total = total;
    this.#done = settled;
    this.#tell();
  }

  started(node: Pick<TaskNode, "id">): void {
    this.#running.set(node.id, this.#now());
    this.#tell();
  }

  output(node: Pick<TaskNode, "id">, bytes: Uint8Array): void {
    this.#lines.get(node.id)?.push(bytes);
  }

  /** Of a hit: before the run it is kept until the run has a step for it. */
  replayed(node: Pick<TaskNode, "id">, log: Uint8Array): void {
    const lines = this.#lines.get(node.id);
    const shown = log.subarray(0, replayedTaskBytesMax);
    if (lines !== undefined) lines.push(shown);
    else if (this.#replayedBytes + shown.length <= replayedBytesMax) {
      this.#replayedBytes += shown.length;
      this.#replayed.set(node.id, shown);
    }
  }

  /** One more has its outcome. */
  ended(): void {
    this.#done++;
  }

  /** Inside of the step that takes what needs nothing from the cache. */
  tellHits(ctx: Context): void {
    for (const [task, log] of this.#replayed) {
      const lines = new Lines((text, isCut) => ctx.log.info(text, isCut ? { task, cut: true } : { task }));
      lines.push(log);
      lines.end();
    }
    this.#replayed.clear();
  }

  #tell(): void {
    const progress: ServedProgress = {
      running: Object.fromEntries(this.#running),
      done: this.#done,
      total: this.#total,
    };
    this.#ctx?.progress(progress);
  }
}
