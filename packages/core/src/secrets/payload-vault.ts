// Encryption of payloads at rest. Three floors of keys: the ring of keys/secrets.json seals a key of each workflow, that one
// wraps a data key of each run, and the data key seals the run's values. Runs that a run begins have its data key.
import { SluiceError } from "@sluice/protocol";
import type { Clock } from "../kernel/clock.ts";
import type { Random } from "../kernel/ids.ts";
import type {
  NewPayloadKey,
  PayloadKeyRecord,
  PayloadKeyStore,
  PayloadSealing,
  RunSeal,
} from "../kernel/payload-keys.ts";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Actor } from "../kernel/run-store.ts";
import { isErased, sealHeaderOf } from "../kernel/sealed.ts";
import type { SealHeader } from "../kernel/sealed.ts";
import type * as Cipher from "./payload-cipher.ts";
import type { DataKey } from "./payload-cipher.ts";

/** Where keys of workflows are kept, sealed by the ring. */
interface WorkflowKeyShelf {
  keep(name: string, value: string): Promise<void>;
  kept(name: string): Promise<string | undefined>;
  drop(name: string): Promise<void>;
}

export interface PayloadVaultOptions {
  readonly store: PayloadKeyStore;
  readonly shelf: WorkflowKeyShelf;
  readonly clock: Pick<Clock, "now">;
  readonly random: Random;
}

/** The keys of a workflow as they are shown. */
export interface PayloadKeyView {
  readonly workflow: string;
  /** Data keys that are there. */
  readonly keys: number;
  readonly erased: number;
  /** False where the key of the workflow cannot be opened. */
  readonly readable: boolean;
}

/** A key of a workflow; the last of a list is the one in use. */
interface WorkflowKey {
  readonly version: string;
  readonly bytes: Uint8Array;
}

/** What events are sealed with stands among the workflows under a name that none can have. */
const eventsName = ":events";
const dataKeysMax = 10_000;
const rewrapBatchMax = 500;
const idBytes = 12;
const versionBytes = 4;

export class PayloadVault implements PayloadSealing {
  readonly #options: PayloadVaultOptions;
  #cipher: typeof Cipher | undefined;
  #active = false;
  #events: RunSeal | undefined;
  /** Keys of workflows that were prepared or asked for; where they cannot be opened, why. */
  readonly #workflows = new Map<string, readonly WorkflowKey[] | SluiceError>();
  /** Data keys by id, the oldest first. */
  readonly #keys = new Map<string, DataKey>();
  /** Changes of keys, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: PayloadVaultOptions) {
    this.#options = options;
  }

  get active(): boolean {
    return this.#active;
  }

  get events(): RunSeal | undefined {
    return this.#events;
  }

  async start(): Promise<void> {
    this.#active ||= (await this.#options.store.countPayloadKeys()).length > 0;
  }

  async prepare(workflows: readonly string[]): Promise<void> {
    if (workflows.length === 0) return;
    this.#active = true;
    await this.#inTurn(async () => {
      for (const workflow of [...workflows, eventsName]) await this.#workflowKeys(workflow, "make");
      this.#events = await this.#eventsSeal();
    });
  }

  create(workflow: string): { readonly seal: RunSeal; readonly newKey: NewPayloadKey } {
    const keys = this.#workflows.get(workflow);
    if (keys instanceof SluiceError) throw keys;
    const current = keys?.at(-1);
    if (current === undefined) throw unreadable(workflow);
    const { random } = this.#options;
    const { DataKey: Key, keyBytes, wrap } = this.#loaded();
    const id = hex(random.bytes(idBytes));
    const bytes = random.bytes(keyBytes);
    const seal = this.#remember(new Key({ key: id, bytes, random }));
    return {
      seal,
      newKey: { workflow, version: current.version, wrapped: wrap(current.bytes, { id, bytes, random }) },
    };
  }

  async sealOf(key: string): Promise<RunSeal> {
    return this.#keys.get(key) ?? this.#fetch(key);
  }

  async open(sealed: Uint8Array, check?: (header: SealHeader) => boolean): Promise<Uint8Array> {
    if (isErased(sealed)) throw erased();
    const envelope = sealHeaderOf(sealed);
    if (envelope === undefined) throw damaged("it is none of ours");
    const { header, length } = envelope;
    if (check !== undefined && !check(header)) throw damaged("it was sealed for another place");
    const key = this.#keys.get(header.key) ?? (await this.#fetch(header.key));
    const opened = key.open(sealed, length);
    if (opened === undefined) throw damaged("it was changed");
    return opened;
  }

  /** In order of workflows; that of events is the first. */
  async list(): Promise<readonly PayloadKeyView[]> {
    const counts = await this.#options.store.countPayloadKeys();
    const views: PayloadKeyView[] = [];
    for (const { workflow, keys, erased: gone } of counts) {
      const opened = await this.#inTurn(() => this.#workflowKeys(workflow, "find"));
      const readable = keys === 0 || (!(opened instanceof SluiceError) && opened.length > 0);
      views.push({ workflow, keys, erased: gone, readable });
    }
    return views;
  }

  /**
   * Gives a workflow a new key, wraps every data key with it and forgets the old one. Runs go on all the while; a process that dies
   * in between has both, and the next rotation ends what it began. Values stay as they are.
   */
  async rotate(p: { readonly by: Actor; readonly workflow: string }): Promise<Result<{ readonly rewrapped: number }>> {
    return this.#inTurn(async () => {
      const { store, shelf, clock, random } = this.#options;
      const { by, workflow } = p;
      const before = await this.#workflowKeys(workflow, "find");
      if (before instanceof SluiceError) throw before;
      if (before.length === 0) return fail(noKeys(workflow));
      const { keyBytes, wrap } = await this.#load();
      const current: WorkflowKey = { version: hex(random.bytes(versionBytes)), bytes: random.bytes(keyBytes) };
      await shelf.keep(shelfName(workflow), textOf([...before, current]));
      this.#workflows.set(workflow, [...before, current]);
      let rewrapped = 0;
      let after: string | undefined;
      for (;;) {
        const page = await store.listPayloadKeys({ workflow, after, limit: rewrapBatchMax });
        const keys = page.flatMap((record) => {
          const bytes = record.version === current.version ? undefined : this.#unwrap(record, before);
          return bytes === undefined
            ? []
            : [{ id: record.id, wrapped: wrap(current.bytes, { id: record.id, bytes, random }) }];
        });
        const done = await store.rewrapPayloadKeys({ by, workflow, version: current.version, keys, now: clock.now() });
        rewrapped += done.rewrapped;
        after = page.at(-1)?.id;
        if (page.length < rewrapBatchMax) break;
      }
      await shelf.keep(shelfName(workflow), textOf([current]));
      this.#workflows.set(workflow, [current]);
      return ok({ rewrapped });
    });
  }

  /** Erases one data key with the values of its runs. Refused while one of them has not ended (`run_not_final`). */
  async eraseKey(p: { readonly by: Actor; readonly key: string }): Promise<Result<{ readonly runs: number }>> {
    const { store, clock } = this.#options;
    const answer = await store.erasePayloadKey({ by: p.by, id: p.key, now: clock.now() });
    if (answer.outcome === "unfinished") return fail(unfinished(answer.run));
    if (answer.outcome === "not_found") return fail({ code: "key_not_found", message: "There is no such key." });
    this.#keys.delete(p.key);
    return ok({ runs: answer.runs });
  }

  /**
   * Erases the key of a workflow and every data key wrapped with it, with the values of their runs. Refused while one of those runs
   * has not ended: what was erased before that stays erased.
   */
  async eraseWorkflow(p: {
    readonly by: Actor;
    readonly workflow: string;
  }): Promise<Result<{ readonly runs: number; readonly keys: number }>> {
    const { store, shelf } = this.#options;
    const { by, workflow } = p;
    // Runs of every workflow have events in their journals.
    if (workflow === eventsName) return fail(noKeys(workflow));
    let [runs, keys] = [0, 0];
    for (;;) {
      const page = await store.listPayloadKeys({ workflow, limit: rewrapBatchMax });
      for (const { id } of page) {
        const erasedKey = await this.eraseKey({ by, key: id });
        if (!erasedKey.ok) return erasedKey;
        runs += erasedKey.value.runs;
        keys++;
      }
      if (page.length < rewrapBatchMax) break;
    }
    return this.#inTurn(async () => {
      const inUse = this.#workflows.has(workflow);
      if ((await shelf.kept(shelfName(workflow)).catch(() => "")) === undefined && keys === 0)
        return fail(noKeys(workflow));
      await shelf.drop(shelfName(workflow));
      this.#workflows.delete(workflow);
      // Runs that are started from now on get keys under a new one.
      if (inUse) await this.#workflowKeys(workflow, "make");
      return ok({ runs, keys });
    });
  }

  /** The keys of a workflow, from memory where they are there. */
  async #workflowKeys(workflow: string, missing: "make" | "find"): Promise<readonly WorkflowKey[] | SluiceError> {
    const known = this.#workflows.get(workflow);
    if (known !== undefined && !(known instanceof SluiceError)) return known;
    const { keyBytes } = await this.#load();
    const { shelf, random } = this.#options;
    let keys: readonly WorkflowKey[] | SluiceError;
    try {
      keys = keysIn(await shelf.kept(shelfName(workflow)));
    } catch (error) {
      keys = unreadable(workflow, error);
    }
    if (!(keys instanceof SluiceError) && keys.length === 0) {
      if (missing === "find") return keys;
      keys = [{ version: hex(random.bytes(versionBytes)), bytes: random.bytes(keyBytes) }];
      await shelf.keep(shelfName(workflow), textOf(keys));
    }
    this.#workflows.set(workflow, keys);
    return keys;
  }

  /** The one data key of events, made when there is none. */
  async #eventsSeal(): Promise<RunSeal | undefined> {
    const { store, clock } = this.#options;
    const known = (await store.listPayloadKeys({ workflow: eventsName, limit: 1 }))[0];
    const keys = await this.#workflowKeys(eventsName, "make");
    if (keys instanceof SluiceError) return undefined;
    if (known !== undefined) return this.#opened(known, keys);
    const { seal, newKey } = this.create(eventsName);
    await store.putPayloadKey({ id: seal.key, key: newKey, now: clock.now() });
    return seal;
  }

  async #fetch(id: string): Promise<DataKey> {
    const record = await this.#options.store.getPayloadKey({ id });
    if (record?.wrapped === undefined) throw erased();
    return this.#opened(record, await this.#inTurn(() => this.#workflowKeys(record.workflow, "find")));
  }

  async #opened(record: PayloadKeyRecord, keys: readonly WorkflowKey[] | SluiceError): Promise<DataKey> {
    if (keys instanceof SluiceError) throw keys;
    const { DataKey: Key } = await this.#load();
    const bytes = this.#unwrap(record, keys);
    if (bytes === undefined) throw unreadable(record.workflow);
    return this.#remember(new Key({ key: record.id, bytes, random: this.#options.random }));
  }

  #unwrap({ id, wrapped }: PayloadKeyRecord, keys: readonly WorkflowKey[]): Uint8Array | undefined {
    const { unwrap } = this.#loaded();
    if (wrapped === undefined) return undefined;
    for (const { bytes } of keys) {
      const opened = unwrap(bytes, id, wrapped);
      if (opened !== undefined) return opened;
    }
    return undefined;
  }

  #remember(key: DataKey): DataKey {
    this.#keys.set(key.key, key);
    if (this.#keys.size > dataKeysMax) {
      const [oldest] = this.#keys.keys();
      if (oldest !== undefined) this.#keys.delete(oldest);
    }
    return key;
  }

  async #load(): Promise<typeof Cipher> {
    this.#cipher ??= await import("./payload-cipher.ts");
    return this.#cipher;
  }

  #loaded(): typeof Cipher {
    if (this.#cipher === undefined) throw new Error("keys are made only for workflows that were prepared");
    return this.#cipher;
  }

  #inTurn<T>(body: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(body);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

/** No secret's name begins like this. */
function shelfName(workflow: string): string {
  return `:payloads/${workflow}`;
}

function textOf(keys: readonly WorkflowKey[]): string {
  return JSON.stringify(keys.map(({ version, bytes }) => [version, hex(bytes)]));
}

function keysIn(text: string | undefined): readonly WorkflowKey[] {
  if (text === undefined) return [];
  return (JSON.parse(text) as [string, string][]).map(([version, bytes]) => ({ version, bytes: unhex(bytes) }));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function unhex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, at) => Number.parseInt(text.slice(at * 2, at * 2 + 2), 16));
}

function erased(): SluiceError {
  return new SluiceError({
    code: "payload_erased",
    message: "This value was erased with the key of its run.",
    hint: "Nothing brings it back. The run's name, times and steps are still there.",
  });
}

function unreadable(workflow: string, cause?: unknown): SluiceError {
  const of = workflow === eventsName ? "of events" : `of the workflow ${workflow}`;
  return new SluiceError(
    {
      code: "payload_unreadable",
      message: `What is sealed with the key ${of} cannot be opened: that key is not here.`,
      hint: "Put back keys/secrets.json of the data folder it comes from.",
    },
    { cause },
  );
}

function damaged(why: string): SluiceError {
  return new SluiceError({
    code: "payload_unreadable",
    message: `A sealed value cannot be opened: ${why}.`,
    hint: "Restore a backup from before it was changed.",
  });
}

function unfinished(run: string): { code: "run_not_final"; message: string; hint: string } {
  return {
    code: "run_not_final",
    message: `Run ${run} has the same key and has not ended.`,
    hint: "Cancel it first, or let it end.",
  };
}

function noKeys(workflow: string): { code: "key_not_found"; message: string; hint: string } {
  return {
    code: "key_not_found",
    message: `Nothing is sealed with a key of ${JSON.stringify(workflow)}.`,
    hint: "`sluice keys list` shows the workflows that have one.",
  };
}
