// Where checkpoints go so that whoever can write the store cannot take them back: a file elsewhere, or a receiver on the network.
import { open } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../../kernel/clock.ts";
import { readCheckpoint } from "./checkpoint.ts";
import type { Checkpoint } from "./checkpoint.ts";

/** Read from the end of a file to find its last checkpoint. */
const tailBytes = 65_536;
const newline = 0x0a;

/** A line of a file of checkpoints. */
export interface CheckpointLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** It is not whole: its writer ended in the middle. */
  readonly cutOff: boolean;
}

/** Where checkpoints go. */
export interface CheckpointPlace {
  /** As it may be shown: without what is secret of a URL. */
  readonly name: string;
  /** Undefined for a place outside of the data; otherwise who has what can be relied on. */
  readonly keeper: string | undefined;
  /** Resolves when it has arrived. Rejects when it has not; `ending` tries once and briefly. */
  put(checkpoint: Checkpoint, p: { readonly ending: boolean }): Promise<void>;
  /** What arrived, in order. Rejects with the code ENOENT where nothing ever has. */
  lines(): AsyncIterable<CheckpointLine>;
  /** What arrived last; undefined where nothing has. */
  last(): Promise<Checkpoint | undefined>;
  /** Gives up what is being tried again. */
  close(): void;
}

/** A file that lines are added to, each durable before it counts. Its folder must be there. */
export class CheckpointFile implements CheckpointPlace {
  readonly name: string;
  readonly keeper = undefined;

  constructor(path: string) {
    this.name = path;
  }

  async put(checkpoint: Checkpoint): Promise<void> {
    const file = await open(this.name, "a+", 0o600);
    let size: number;
    try {
      ({ size } = await file.stat());
      const last = new Uint8Array(1);
      if (size > 0) await file.read(last, 0, 1, size - 1);
      // A line that was cut off stays, and stays alone.
      const start = size > 0 && last[0] !== newline ? "\n" : "";
      await file.appendFile(`${start}${JSON.stringify(checkpoint)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    if (size === 0) await syncFolder(dirname(this.name));
  }

  async *lines(): AsyncGenerator<CheckpointLine> {
    let number = 0;
    let rest = "";
    for await (const chunk of createReadStream(this.name, { encoding: "utf8" })) {
      const texts = (rest + (chunk as string)).split("\n");
      rest = texts.pop() ?? "";
      for (const text of texts) yield { number: ++number, text, cutOff: !text.endsWith("}") };
    }
    if (rest !== "") yield { number: ++number, text: rest, cutOff: true };
  }

  async last(): Promise<Checkpoint | undefined> {
    let file;
    try {
      file = await open(this.name, "r");
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    try {
      const { size } = await file.stat();
      const bytes = new Uint8Array(Math.min(size, tailBytes));
      await file.read(bytes, 0, bytes.length, size - bytes.length);
      const lines = new TextDecoder().decode(bytes).split("\n");
      return lines.map(readCheckpoint).findLast((found) => found !== undefined);
    } finally {
      await file.close();
    }
  }

  close(): void {
    // Nothing is tried again.
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Whether a file is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

export interface WebhookOptions {
  readonly url: string;
  /** In the data folder: what the receiver has taken, to know how far the trail is covered. */
  readonly copy: CheckpointFile;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

/** Tries of one checkpoint; the next one, a minute later, covers what this one would have. */
const triesMax = 5;
const firstPauseMs = 1_000;
const answerMsMax = 10_000;
const endingAnswerMsMax = 3_000;

/** A receiver that checkpoints are POSTed to as JSON; any 2xx says that it keeps them. */
export class CheckpointWebhook implements CheckpointPlace {
  readonly name: string;
  readonly keeper: string;
  readonly #options: WebhookOptions;
  readonly #closing = new AbortController();

  constructor(options: WebhookOptions) {
    this.#options = options;
    // The rest of a URL may hold a secret.
    this.keeper = this.name = new URL(options.url).origin;
  }

  async put(checkpoint: Checkpoint, { ending }: { readonly ending: boolean }): Promise<void> {
    for (let tried = 1; ; tried++) {
      const problem = await this.#post(checkpoint, ending);
      if (problem === undefined) return this.#options.copy.put(checkpoint);
      if (!ending && tried < triesMax) await this.#pause(firstPauseMs * 2 ** (tried - 1));
      if (ending || tried === triesMax || this.#closing.signal.aborted) throw problem;
    }
  }

  lines(): AsyncIterable<CheckpointLine> {
    return this.#options.copy.lines();
  }

  last(): Promise<Checkpoint | undefined> {
    return this.#options.copy.last();
  }

  close(): void {
    this.#closing.abort();
  }

  /** Why it was not taken; undefined when it was. */
  async #post(checkpoint: Checkpoint, ending: boolean): Promise<Error | undefined> {
    const { url, fetch } = this.#options;
    const signal = ending
      ? AbortSignal.timeout(endingAnswerMsMax)
      : AbortSignal.any([AbortSignal.timeout(answerMsMax), this.#closing.signal]);
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(checkpoint),
        redirect: "error",
        signal,
      });
      await response.body?.cancel();
      return response.ok ? undefined : new Error(`${this.name} answered ${response.status}`);
    } catch (error) {
      return new Error(`${this.name} cannot be reached`, { cause: error });
    }
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#closing;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.#options.clock.after(ms, resolve);
      signal.addEventListener("abort", () => {
        stop();
        resolve();
      });
    });
  }
}
