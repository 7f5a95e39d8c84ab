// Triggers that watch something: what a function of yours finds, stored events, files.
import type { Duration } from "@sluice/protocol";
import { checkDebounce, checkEvent, checkFiles, checkPoll } from "./watching-checks.ts";
import type { StandardSchemaV1 } from "./standard-schema.ts";

/** What a poll is given. `cursor` is what the poll before returned; undefined the first time. */
export interface PollContext<Cursor = unknown> {
  readonly cursor: Cursor | undefined;
  /** Aborts when the poll takes too long. */
  readonly signal: AbortSignal;
}

/** What a poll found: each item starts a run unless one of its id did before. `more`: poll again at once. */
export interface PollResult<Item = unknown, Cursor = unknown> {
  readonly items: readonly Item[];
  readonly cursor?: Cursor;
  readonly more?: boolean;
}

export interface PollOptions<Item = unknown, Cursor = unknown> {
  /** Between the end of a poll and the next. At least a second. */
  readonly every: Duration;
  /** Looks outside; runs in a worker. Returns the items, or `{ items, cursor }`. */
  readonly fetch: (
    context: PollContext<Cursor>,
  ) => readonly Item[] | PollResult<Item, Cursor> | Promise<readonly Item[] | PollResult<Item, Cursor>>;
  /** What makes an item the same one. Default: its `id`. */
  readonly id?: (item: Item) => string | number;
  /** What its run gets. Default: the item. */
  readonly input?: (item: Item) => unknown;
  /** Default 30 seconds. */
  readonly timeout?: Duration;
  /** Pauses after failures double up to this. Default 15 minutes. */
  readonly backoffMax?: Duration;
}

export interface PollTrigger {
  readonly type: "poll";
  readonly name: string;
  readonly options: PollOptions;
}

/** Calls a function again and again and starts a run for each new item it finds. Throws `invalid_workflow`. */
export function poll<Item, Cursor = unknown>(name: string, options: PollOptions<Item, Cursor>): PollTrigger {
  const trigger: PollTrigger = { type: "poll", name, options: options as PollOptions };
  checkPoll(trigger);
  return trigger;
}

/** Occurrences that follow each other within `wait` start one run, with the input of the last. */
export interface DebounceOptions {
  readonly wait: Duration;
  /** The run starts at the latest so long after the first. */
  readonly maxWait?: Duration;
  /** Path into the input, such as `customer.id`: different values do not hold each other up. */
  readonly key?: string;
}

export interface EventTriggerOptions<Payload = unknown> {
  /** Default: the event's name. */
  readonly name?: string;
  /** Only events whose payload contains this. */
  readonly match?: unknown;
  /** Only events sent with this key. */
  readonly key?: string;
  /** Only events whose payload it takes; what it makes of them is the input. */
  readonly schema?: StandardSchemaV1<unknown, Payload>;
  readonly condition?: (payload: Payload) => boolean | Promise<boolean>;
  /** What the run gets. Default: the payload. */
  readonly input?: (payload: Payload) => unknown;
  readonly debounce?: Duration | DebounceOptions;
}

export interface EventTrigger {
  readonly type: "event";
  readonly event: string;
  readonly name: string;
  readonly options: EventTriggerOptions;
  readonly debounce: DebounceOptions | undefined;
}

/** Starts a run for each event of this name, whoever sends it. Throws `invalid_workflow`. */
export function onEvent<Payload = unknown>(event: string, options: EventTriggerOptions<Payload> = {}): EventTrigger {
  const trigger: EventTrigger = {
    type: "event",
    event,
    name: options.name ?? event,
    options: options as EventTriggerOptions,
    debounce: debounceOf(options.debounce),
  };
  checkEvent(trigger);
  checkDebounce(`The event trigger ${trigger.name}`, trigger.debounce);
  return trigger;
}

/** What can happen to a file. */
export type FileChange = "created" | "changed" | "deleted";

/** Input of a run that a file has started. */
export interface FileEvent {
  readonly change: FileChange;
  /** Relative to the watched folder, with `/`. */
  readonly path: string;
  readonly folder: string;
  /** Bytes; absent when it was deleted. */
  readonly size?: number;
  /** Milliseconds since 1970; absent when it was deleted. */
  readonly modifiedAt?: number;
}

export interface FileWatchOptions {
  /** Default: the pattern. */
  readonly name?: string;
  /** Folder the pattern is relative to; itself relative to the project. Default: the project. */
  readonly folder?: string;
  /** Default `created` and `changed`. */
  readonly changes?: readonly FileChange[];
  /** A file has to be left alone this long: one that is still being written is not taken. Default 500 ms. */
  readonly settle?: Duration;
  /** Whether files that are there at the first look count as created. Default false. */
  readonly existing?: boolean;
  readonly debounce?: Duration | DebounceOptions;
}

export interface FileTrigger {
  readonly type: "file";
  readonly pattern: string;
  readonly name: string;
  readonly options: FileWatchOptions;
  readonly debounce: DebounceOptions | undefined;
}

/** Starts a run for each change of a file that fits a pattern such as `inbox/*.csv`. Throws `invalid_workflow`. */
export function fileWatch(pattern: string, options: FileWatchOptions = {}): FileTrigger {
  const trigger: FileTrigger = {
    type: "file",
    pattern,
    name: options.name ?? pattern,
    options,
    debounce: debounceOf(options.debounce),
  };
  checkFiles(trigger);
  checkDebounce(`The file trigger ${trigger.name}`, trigger.debounce);
  return trigger;
}

function debounceOf(given: Duration | DebounceOptions | undefined): DebounceOptions | undefined {
  return typeof given === "object" || given === undefined ? given : { wait: given };
}
