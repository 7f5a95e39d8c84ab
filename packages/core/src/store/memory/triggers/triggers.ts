// Triggers in memory: how far each has got, what it has seen and holds back, and the deliveries of webhooks.
import type { DeliveryRecord, HeldStart, TriggerMark, TriggerRecord } from "../../../kernel/trigger-store.ts";

interface TriggerRow {
  record: TriggerRecord;
  readonly marks: Map<string, TriggerMark>;
  readonly held: Map<string, HeldStart>;
}

export class Triggers {
  readonly #rows = new Map<string, TriggerRow>();
  /** Oldest first: ids grow with time. */
  deliveries: DeliveryRecord[] = [];

  row(id: string): TriggerRow | undefined {
    return this.#rows.get(id);
  }

  get(id: string): TriggerRecord | undefined {
    return this.#rows.get(id)?.record;
  }

  list(): readonly TriggerRecord[] {
    return [...this.#rows.values()].map(({ record }) => record).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  add(record: TriggerRecord): void {
    this.#rows.set(record.id, { record, marks: new Map(), held: new Map() });
  }

  delete(id: string): void {
    this.#rows.delete(id);
  }

  /** Deletes up to `limit` marks that have expired; how many. */
  sweepMarks(now: number, limit: number): number {
    let swept = 0;
    for (const { marks } of this.#rows.values()) {
      for (const [key, { expiresAt }] of marks) {
        if (swept >= limit || expiresAt === undefined || expiresAt > now) continue;
        marks.delete(key);
        swept++;
      }
    }
    return swept;
  }

  /** Lets go what is held that is sealed with a data key. */
  eraseHeld(payloadKey: string): void {
    for (const { held } of this.#rows.values())
      for (const [key, each] of held) if (each.payloadKey === payloadKey) held.delete(key);
  }

  allHeld(): readonly HeldStart[] {
    return [...this.#rows.values()].flatMap(({ held }) => [...held.values()]);
  }
}
