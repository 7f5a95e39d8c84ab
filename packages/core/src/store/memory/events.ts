// Stored events: kept for listeners that come later, and handed to those that wait.
import { decodeValue } from "@sluice/protocol";
import { containing, eventIdKey, fitting } from "../../kernel/match.ts";
import { matchesAny } from "../../kernel/patterns.ts";
import type { EventRecord, LargeEvent } from "../../kernel/run-store.ts";
import type { Change } from "./change.ts";
import type { EntryRow, EventRow, RunRow } from "./rows.ts";
import { settle } from "./settle.ts";

/** What is asked of an event: its name, its key when one is given, and what its payload must contain. */
export interface EventQuery {
  readonly name: string;
  readonly key?: string | undefined;
  readonly match?: Uint8Array | undefined;
  readonly large?: LargeEvent | undefined;
}

export class Events {
  /** In order of arrival. */
  #all: EventRow[] = [];
  readonly #byName = new Map<string, EventRow[]>();
  /** Callers' own ids and the events they stand for. */
  readonly #byCallerId = new Map<string, number>();
  readonly #callerIds = new Map<number, string>();
  #last = 0;

  get size(): number {
    return this.#all.length;
  }

  /** Number of the last event that was stored. */
  get last(): number {
    return this.#last;
  }

  all(): readonly EventRow[] {
    return this.#all;
  }

  /** The event of this name stored before with this id of a caller. */
  stored(name: string, callerId: string | undefined): number | undefined {
    return callerId === undefined ? undefined : this.#byCallerId.get(eventIdKey(name, callerId));
  }

  add(p: Omit<EventRecord, "id">, callerId: string | undefined): EventRow {
    const event: EventRow = { id: ++this.#last, name: p.name, key: p.key, payload: p.payload, at: p.at };
    this.#all.push(event);
    const named = this.#byName.get(p.name);
    if (named === undefined) this.#byName.set(p.name, [event]);
    else named.push(event);
    if (callerId !== undefined) {
      const id = eventIdKey(p.name, callerId);
      this.#byCallerId.set(id, event.id);
      this.#callerIds.set(event.id, id);
    }
    return event;
  }

  /**
   * The oldest event a run has not received and that answers the query. Without a key only those since the run was created
   * count; with one the run may be younger than the event. `undecided`: it is kept as a blob, and its payload is needed to
   * go on.
   */
  oldestFor(run: RunRow, query: EventQuery): { readonly event: EventRow; readonly undecided: boolean } | undefined {
    const { name, key, match, large } = query;
    const fits = fitting(match, large);
    for (const event of this.#byName.get(name) ?? []) {
      if (event.id < (large?.event ?? 0) || run.consumed.has(event.id)) continue;
      if (key === undefined ? event.id <= run.lastEvent : event.key !== key) continue;
      const fit = fits(event);
      if (fit !== false) return { event, undecided: fit === undefined };
    }
    return undefined;
  }

  /** In order of arrival those numbered above `after`, or newest first those below it. */
  list(p: {
    readonly name?: string | undefined;
    readonly names?: readonly string[] | undefined;
    readonly after: number;
    readonly order?: "oldest" | "newest" | undefined;
    readonly limit: number;
  }): readonly EventRecord[] {
    const found: EventRecord[] = [];
    const newest = p.order === "newest";
    for (const event of newest ? this.#all.toReversed() : this.#all) {
      if (found.length >= p.limit) break;
      const seen = newest ? p.after > 0 && event.id >= p.after : event.id <= p.after;
      if (seen || (p.name !== undefined && event.name !== p.name)) continue;
      if (matchesAny(p.names, event.name)) found.push({ ...event });
    }
    return found;
  }

  /** Deletes up to `limit` events that are older; how many. */
  sweep(before: number, limit: number): number {
    const old = new Set<EventRow>();
    for (const event of this.#all) {
      if (old.size >= limit) break;
      if (event.at < before) old.add(event);
    }
    if (old.size === 0) return 0;
    this.#all = this.#all.filter((event) => !old.has(event));
    for (const name of new Set([...old].map((event) => event.name))) {
      const rest = (this.#byName.get(name) ?? []).filter((event) => !old.has(event));
      if (rest.length === 0) this.#byName.delete(name);
      else this.#byName.set(name, rest);
    }
    for (const event of old) {
      const callerId = this.#callerIds.get(event.id);
      if (callerId !== undefined) this.#byCallerId.delete(callerId);
      this.#callerIds.delete(event.id);
    }
    return old.size;
  }
}

/** Throws for bytes that a match could not read, before anything is written. */
export function checkReadable(bytes: Uint8Array | undefined): void {
  if (bytes !== undefined) decodeValue(bytes);
}

/** Hands an event to the run of an entry, which settles with its payload. */
export function receiveEvent(change: Change, row: EntryRow, event: EventRow): void {
  row.run.consumed.add(event.id);
  row.eventId = event.id;
  settle(change, row, { value: event.payload });
}

/** Stores an event and settles every wait that matches; a run receives one event once. */
export function emitEvent(
  change: Change,
  p: Omit<EventRecord, "id" | "at"> & {
    readonly callerId?: string | undefined;
    /** The payload itself where `payload` refers to a blob. */
    readonly content?: Uint8Array | undefined;
  },
): { readonly event: number; readonly duplicate: boolean } {
  const { events, waits } = change.tables;
  const known = events.stored(p.name, p.callerId);
  if (known !== undefined) return { event: known, duplicate: true };
  const event = events.add({ ...p, at: change.now }, p.callerId);
  const contains = containing(p.content ?? p.payload);
  for (const wait of waits.waitingFor("event", event.name, event.key)) {
    const { entry, run } = wait;
    if (entry === undefined || run.consumed.has(event.id) || !contains(wait.match)) continue;
    receiveEvent(change, entry, event);
  }
  return { event: event.id, duplicate: false };
}
