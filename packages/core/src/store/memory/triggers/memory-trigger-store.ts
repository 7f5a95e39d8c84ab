// The trigger port in plain memory.
import { sees } from "../../../kernel/patterns.ts";
import type { HeldStart, TriggerStore, TriggerWriteVerb } from "../../../kernel/trigger-store.ts";
import type { Tables } from "../tables.ts";

type Params<Verb extends keyof TriggerStore> = Parameters<TriggerStore[Verb]>[0];
type Result<Verb extends keyof TriggerStore> = Awaited<ReturnType<TriggerStore[Verb]>>;

/** What the trigger store is given by the store it is part of. */
export interface TriggerParts {
  /** Throws when the store is closed. */
  readonly tables: () => Tables;
  /** Carries out a verb and writes the audit row about it. */
  readonly write: <Verb extends TriggerWriteVerb>(verb: Verb, p: Params<Verb>) => Result<Verb>;
}

export class MemoryTriggerStore implements TriggerStore {
  readonly #parts: TriggerParts;

  constructor(parts: TriggerParts) {
    this.#parts = parts;
  }

  async putTriggers(p: Params<"putTriggers">): Promise<Result<"putTriggers">> {
    return this.#parts.write("putTriggers", p);
  }

  async setTriggerPaused(p: Params<"setTriggerPaused">): Promise<Result<"setTriggerPaused">> {
    return this.#parts.write("setTriggerPaused", p);
  }

  async advanceTrigger(p: Params<"advanceTrigger">): Promise<Result<"advanceTrigger">> {
    return this.#parts.write("advanceTrigger", p);
  }

  async recordDelivery(p: Params<"recordDelivery">): Promise<void> {
    this.#parts.write("recordDelivery", p);
  }

  async sweepTriggers(p: Params<"sweepTriggers">): Promise<Result<"sweepTriggers">> {
    return this.#parts.write("sweepTriggers", p);
  }

  async listTriggers(): Promise<Result<"listTriggers">> {
    return this.#parts.tables().triggers.list();
  }

  async findMarks(p: Params<"findMarks">): Promise<Result<"findMarks">> {
    const marks = this.#parts.tables().triggers.row(p.trigger)?.marks;
    return p.keys.map((key) => marks?.get(key)).filter((mark) => mark !== undefined);
  }

  async listMarks(p: Params<"listMarks">): Promise<Result<"listMarks">> {
    const marks = this.#parts.tables().triggers.row(p.trigger)?.marks;
    return [...(marks?.values() ?? [])]
      .filter(({ key }) => key > (p.after ?? ""))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
      .slice(0, p.limit);
  }

  async listHeld(p: Params<"listHeld">): Promise<Result<"listHeld">> {
    const held = this.#parts.tables().triggers.row(p.trigger)?.held;
    const { after } = p;
    const comes = ({ dueAt, key }: HeldStart): boolean =>
      after === undefined ||
      dueAt > after.dueAt ||
      (dueAt === after.dueAt && after.key !== undefined && key > after.key);
    return [...(held?.values() ?? [])]
      .filter(comes)
      .toSorted((a, b) => a.dueAt - b.dueAt || (a.key < b.key ? -1 : 1))
      .slice(0, p.limit);
  }

  async countHeld(p: Params<"countHeld">): Promise<Result<"countHeld">> {
    return this.#parts.tables().triggers.row(p.trigger)?.held.size ?? 0;
  }

  async findHeld(p: Params<"findHeld">): Promise<Result<"findHeld">> {
    const held = this.#parts.tables().triggers.row(p.trigger)?.held;
    return p.keys.map((key) => held?.get(key)).filter((each) => each !== undefined);
  }

  async getDelivery(p: Params<"getDelivery">): Promise<Result<"getDelivery">> {
    const found = this.#parts.tables().triggers.deliveries.find(({ id }) => id === p.delivery);
    return found === undefined || !sees(p.access, found.workflow) ? undefined : found;
  }

  async listDeliveries(p: Params<"listDeliveries">): Promise<Result<"listDeliveries">> {
    const { trigger, workflow, status, before, access, limit } = p;
    return this.#parts
      .tables()
      .triggers.deliveries.filter(
        (each) =>
          (trigger === undefined || each.trigger === trigger) &&
          (workflow === undefined || each.workflow === workflow) &&
          (status === undefined || each.status === status) &&
          (before === undefined || each.id < before) &&
          sees(access, each.workflow),
      )
      .toReversed()
      .slice(0, limit)
      .map(({ body: _body, ...about }) => about);
  }
}
