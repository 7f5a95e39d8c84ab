// The trigger port on SQLite: changes go to the writer's thread, lists of deliveries to the reader's, the rest is read here.
import type { TriggerStore, TriggerWriteVerb } from "../../../kernel/trigger-store.ts";
import type { StorePaths } from "../store-paths.ts";
import { getDelivery } from "./delivery-table.ts";
import { TriggerReads } from "./trigger-table.ts";

type Params<Verb extends keyof TriggerStore> = Parameters<TriggerStore[Verb]>[0];
type Answer<Verb extends keyof TriggerStore> = ReturnType<TriggerStore[Verb]>;

export class SqliteTriggerStore implements TriggerStore {
  readonly #paths: StorePaths;
  #reads: TriggerReads | undefined;

  constructor(paths: StorePaths) {
    this.#paths = paths;
  }

  #write<Verb extends TriggerWriteVerb>(verb: Verb, p: Params<Verb>): Answer<Verb> {
    return this.#paths.write(verb, p) as Answer<Verb>;
  }

  #look<T>(read: (reads: TriggerReads) => T): Promise<T> {
    return this.#paths.look((db) => read((this.#reads ??= new TriggerReads(db))));
  }

  putTriggers(p: Params<"putTriggers">): Answer<"putTriggers"> {
    return this.#write("putTriggers", p);
  }
  setTriggerPaused(p: Params<"setTriggerPaused">): Answer<"setTriggerPaused"> {
    return this.#write("setTriggerPaused", p);
  }
  advanceTrigger(p: Params<"advanceTrigger">): Answer<"advanceTrigger"> {
    return this.#write("advanceTrigger", p);
  }
  recordDelivery(p: Params<"recordDelivery">): Answer<"recordDelivery"> {
    return this.#write("recordDelivery", p);
  }
  sweepTriggers(p: Params<"sweepTriggers">): Answer<"sweepTriggers"> {
    return this.#write("sweepTriggers", p);
  }

  listTriggers(): Answer<"listTriggers"> {
    return this.#look((reads) => reads.list());
  }
  findMarks(p: Params<"findMarks">): Answer<"findMarks"> {
    return this.#look((reads) => reads.marks(p.trigger, p.keys));
  }
  listMarks(p: Params<"listMarks">): Answer<"listMarks"> {
    return this.#look((reads) => reads.marksAfter(p));
  }
  listHeld(p: Params<"listHeld">): Answer<"listHeld"> {
    return this.#look((reads) => reads.held(p.trigger, p.limit, p.after));
  }
  countHeld(p: Params<"countHeld">): Answer<"countHeld"> {
    return this.#look((reads) => reads.countHeld(p.trigger));
  }
  findHeld(p: Params<"findHeld">): Answer<"findHeld"> {
    return this.#look((reads) => reads.heldUnder(p.trigger, p.keys));
  }
  getDelivery(p: Params<"getDelivery">): Answer<"getDelivery"> {
    return this.#paths.look((db) => getDelivery(db, p));
  }
  listDeliveries(p: Params<"listDeliveries">): Answer<"listDeliveries"> {
    return this.#paths.read("listDeliveries", p) as Answer<"listDeliveries">;
  }
}
