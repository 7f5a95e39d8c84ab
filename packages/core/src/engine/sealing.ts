// Encryption of payloads at the engine's edge: what a sealed run gives to the store goes through here first. Runs that are not
// sealed meet one comparison.
import { encodeValue } from "@sluice/protocol";
import type { JournalEntry, RunEvent, WorkflowManifest } from "@sluice/protocol";
import type { RunSeal, NewPayloadKey, PayloadSealing } from "../kernel/payload-keys.ts";
import { fail } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { NewRun, RunStore, StoreOp } from "../kernel/run-store.ts";
import { belongs } from "../kernel/sealed.ts";
import type { SealedField, SealHeader, SealPlace } from "../kernel/sealed.ts";
import type { Deployments } from "./deployments.ts";

/** What a sealed run in memory is sealed with. */
export interface HotSeal {
  readonly by: RunSeal;
  /** Its journal may hold entries of the run it is a copy of. */
  readonly fork: boolean;
}

/** Where a journal belongs that is being read. */
export interface JournalOf {
  readonly run: string;
  readonly fork: boolean;
}

/** The key of a run about to exist, and what its row has of it. */
export interface Begun {
  readonly seal: RunSeal;
  readonly row: { readonly payloadKey: string; readonly newKey?: NewPayloadKey };
}

/** How payloads are encrypted. */
export interface Sealing {
  readonly keys: PayloadSealing;
  /** Every workflow is, unless it says that it is not. */
  readonly all: boolean;
}

/** Which runs are sealed, and with what. */
export class Sealer {
  readonly #keys: PayloadSealing | undefined;
  readonly #deployments: Deployments;
  readonly #all: boolean;

  constructor(sealing: Sealing | undefined, deployments: Deployments) {
    this.#keys = sealing?.keys;
    this.#all = sealing?.all ?? false;
    this.#deployments = deployments;
  }

  /** False where nothing can be sealed. */
  get hasKeys(): boolean {
    return this.#keys !== undefined;
  }

  /** False while there is no sealed run, nor going to be one. */
  get active(): boolean {
    return this.#keys?.active === true;
  }

  /** Events from outside are sealed with this. */
  get events(): RunSeal | undefined {
    return this.#keys?.events;
  }

  async start(): Promise<void> {
    await this.#keys?.start();
  }

  /** What is wrong with workflows that are to be sealed and cannot be. */
  refuse(workflows: readonly WorkflowManifest[]): Result<never> | undefined {
    const gathers = workflows.find((workflow) => this.#isSealed(workflow) && gathersInputs(workflow));
    return gathers === undefined ? undefined : cannotBeSealed(gathers.name);
  }

  /** Makes keys for the workflows that are to be sealed. */
  async deploy(workflows: readonly WorkflowManifest[]): Promise<void> {
    const sealed = workflows.filter((workflow) => this.#isSealed(workflow));
    await this.#keys?.prepare(sealed.map(({ name }) => name));
  }

  #isSealed({ encrypt }: WorkflowManifest): boolean {
    return this.#keys !== undefined && (encrypt ?? this.#all);
  }

  /** True for a workflow whose runs are sealed from now on. */
  wants(workflow: string): boolean {
    if (!this.active) return false;
    const current = this.#deployments.workflow(workflow);
    return current !== undefined && this.#isSealed(current.manifest);
  }

  /** A key for a new run that nobody began; undefined where its workflow is not sealed. Throws `payload_unreadable`. */
  begin(workflow: string, lent = false): Begun | undefined {
    if (!this.wants(workflow) || this.#keys === undefined) return undefined;
    const { seal, newKey } = this.#keys.create(workflow);
    return { seal, row: { payloadKey: seal.key, newKey: lent ? { ...newKey, lent } : newKey } };
  }

  /** The same run, sealed with the key of the one that begins it, or with one of its own where its workflow wants that. */
  child(parent: HotSeal | undefined, child: NewRun): NewRun {
    const begun =
      parent === undefined
        ? this.begin(child.workflow, child.parent?.detached === false)
        : { seal: parent.by, row: { payloadKey: parent.by.key } };
    if (begun === undefined) return child;
    return { ...child, ...begun.row, input: begun.seal.seal({ run: child.id, field: "input" }, child.input) };
  }

  sealOf(key: string): Promise<RunSeal> {
    return this.#keys === undefined ? Promise.reject(new Error("there are no keys")) : this.#keys.sealOf(key);
  }
}

/**
 * What the values of a run are sealed with that need not be in memory; undefined where they are not. Worth asking only while the
 * sealer is active.
 */
export async function sealOfRun(
  { store, sealer }: { readonly store: Pick<RunStore, "getRun">; readonly sealer: Sealer },
  run: string,
): Promise<RunSeal | undefined> {
  const record = await store.getRun({ run });
  return record?.payloadKey === undefined ? undefined : sealer.sealOf(record.payloadKey);
}

/**
 * Starts that are gathered become one input in the commit that begins their run, and each was sealed before with a key of its own: the
 * store, which has no keys, cannot make one of them, and a run has one key that it is erased with. Of starts that are debounced the
 * last one counts, and its run takes the key over that this one brings.
 */
function gathersInputs({ flow }: WorkflowManifest): boolean {
  return flow?.batch !== undefined;
}

function cannotBeSealed(workflow: string): Result<never> {
  return fail({
    code: "invalid_workflow",
    message: `The runs of ${workflow} cannot be encrypted: its starts are gathered into one input (batch), and each of them is sealed with a key of its own.`,
    hint: "Leave out batch, or say encrypt: false for this workflow.",
  });
}

/** An operation with its values sealed. Children have been sealed with the run they begin (`Sealer.child`). */
export function sealOp(
  op: StoreOp,
  p: { readonly run: string; readonly by: RunSeal; readonly events: RunSeal },
): StoreOp {
  const { run, by } = p;
  const sealed = (field: SealedField, bytes: Uint8Array, seq?: number): Uint8Array =>
    by.seal({ run, field, ...(seq === undefined ? {} : { seq }) }, bytes);
  const maybe = <Key extends string>(
    key: Key,
    bytes: Uint8Array | undefined,
    place: Omit<SealPlace, "run">,
  ): Partial<Record<Key, Uint8Array>> =>
    bytes === undefined ? {} : ({ [key]: by.seal({ run, ...place }, bytes) } as Record<Key, Uint8Array>);
  switch (op.op) {
    case "done": {
      const { seq, cache } = op;
      const error = maybe("error", op.error, { field: "error", seq });
      if (cache === undefined) return { ...op, ...error, ...maybe("value", op.value, { field: "value", seq }) };
      return { ...op, ...error, ...maybe("value", op.value, { field: "cached" }), cache: ownCache(cache, by) };
    }
    case "cache":
      return { ...op, cache: ownCache(op.cache, by) };
    case "retry":
      return { ...op, error: sealed("error", op.error, op.seq) };
    case "race":
      return { ...op, value: sealed("value", op.value, op.seq) };
    case "task":
      return { ...op, input: sealed("data", op.input) };
    case "approval":
    case "token":
      return { ...op, ...maybe("data", op.data, { field: "data" }) };
    case "emit":
      return { ...op, payload: p.events.seal({ run: "", field: "payload" }, op.payload), content: op.payload };
    case "log":
      return { ...op, message: "", data: sealed("log", encodeValue([op.message, op.data ?? null])) };
    case "progress":
      return { ...op, value: sealed("progress", op.value) };
    case "chunk":
      return { ...op, values: op.values.map((value) => sealed("chunk", value)) };
    case "undoing":
      return { ...op, ...maybe("error", op.error, { field: "error" }) };
    case "blocked":
      return { ...op, error: sealed("error", op.error) };
    case "finish": {
      const next = op.child === undefined ? {} : { input: op.child.input };
      const { error, output } = op;
      return {
        ...op,
        ...maybe("output", output, { field: "output" }),
        ...maybe("error", error, { field: "error" }),
        ...next,
      };
    }
    case "call":
    case "start":
      return { ...op, input: op.child.input };
    default:
      return op;
  }
}

/** A result is shared by those who have its key, and by nobody else. */
function ownCache<Cache extends { readonly key: string }>(cache: Cache, { key }: RunSeal): Cache {
  return { ...cache, key: `${key} ${cache.key}` };
}

/** Whether an entry of a journal may have a value that was sealed so. */
export function mayHave(
  entry: Pick<JournalEntry, "kind" | "seq">,
  field: "value" | "error",
  of: JournalOf,
): (header: SealHeader) => boolean {
  const { run, fork } = of;
  const { kind, seq } = entry;
  return (header) => {
    if (belongs(header, { run, seq, field, fork })) return true;
    switch (header.field) {
      case "output":
        return field === "value" && kind === "call";
      case "error":
        return field === "error" && kind === "call" && header.seq === undefined;
      case "payload":
        return field === "value" && kind === "event";
      case "cached":
        return field === "value" && kind === "step";
      case "answer":
        return field === "value" && (kind === "approval" || kind === "callback") && (fork || header.run === run);
      default:
        return false;
    }
  };
}

/** The same for what a run in memory is told; what kind of entry it is, its worker knows. */
export function mayBeTold(
  event: Extract<RunEvent, { event: "settle" }>,
  field: "value" | "error",
  of: JournalOf,
): (header: SealHeader) => boolean {
  const kinds = ["step", "call", "event", "approval"] as const;
  return (header) => kinds.some((kind) => mayHave({ kind, seq: event.seq }, field, of)(header));
}
