// The ports of encryption at rest: where wrapped data keys are kept, and who seals and opens values with them.
import type { Actor } from "./run-records.ts";
import type { SealHeader, SealPlace } from "./sealed.ts";

/** A data key as it is kept: wrapped with a key of its workflow. Times are milliseconds since 1970. */
export interface PayloadKeyRecord {
  readonly id: string;
  readonly workflow: string;
  /** Name of the workflow's key it is wrapped with. */
  readonly version: string;
  /** Absent once it was erased. */
  readonly wrapped?: Uint8Array | undefined;
  readonly createdAt: number;
  readonly erasedAt?: number | undefined;
}

/** A data key about to be kept. */
export interface NewPayloadKey {
  readonly workflow: string;
  readonly version: string;
  readonly wrapped: Uint8Array;
  /** The journal of a run that does not have this key holds values sealed with it: it outlives its own runs. */
  readonly lent?: boolean | undefined;
}

export interface PayloadKeyCount {
  readonly workflow: string;
  readonly keys: number;
  readonly erased: number;
}

export type EraseOutcome =
  | { readonly outcome: "ok"; readonly runs: number }
  | { readonly outcome: "not_found" }
  /** This run has it and has not ended. */
  | { readonly outcome: "unfinished"; readonly run: string };

/** Wrapped data keys. Runs bring theirs along when they are created (`NewRun.newKey`). */
export interface PayloadKeyStore {
  /** Keeps a key that belongs to no run, unless it is there. */
  putPayloadKey(p: { readonly id: string; readonly key: NewPayloadKey; readonly now: number }): Promise<void>;
  getPayloadKey(p: { readonly id: string }): Promise<PayloadKeyRecord | undefined>;
  /** Those that were not erased, in order of ids. */
  listPayloadKeys(p: {
    readonly workflow: string;
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<readonly PayloadKeyRecord[]>;
  /** In order of workflows. */
  countPayloadKeys(): Promise<readonly PayloadKeyCount[]>;
  /** Keeps the same keys wrapped with another key of their workflow; what was erased meanwhile stays erased. */
  rewrapPayloadKeys(p: {
    readonly by: Actor;
    readonly workflow: string;
    readonly version: string;
    readonly keys: readonly { readonly id: string; readonly wrapped: Uint8Array }[];
    readonly now: number;
  }): Promise<{ readonly rewrapped: number }>;
  /** Deletes a key and, of its runs, every value: inputs, results, errors, lines, streamed output, their own state. */
  erasePayloadKey(p: { readonly by: Actor; readonly id: string; readonly now: number }): Promise<EraseOutcome>;
}

/** A data key in memory. */
export interface RunSeal {
  /** Its id. */
  readonly key: string;
  seal(place: SealPlace, bytes: Uint8Array): Uint8Array;
}

/** Seals and opens values. Codes: `payload_erased` for a key that was erased, `payload_unreadable` for one that is not here. */
export interface PayloadSealing {
  /** True when there may be sealed runs, or are going to be. Until then nobody has to ask for anything else. */
  readonly active: boolean;
  /** Looks whether there are keys. */
  start(): Promise<void>;
  /** Runs of these workflows are going to be sealed: `create` and `events` answer from then on. */
  prepare(workflows: readonly string[]): Promise<void>;
  /** A new data key for a run of a workflow that was prepared, with what to keep of it. Throws `payload_unreadable`. */
  create(workflow: string): { readonly seal: RunSeal; readonly newKey: NewPayloadKey };
  /** The key that events are sealed with; undefined where nothing is sealed. */
  readonly events: RunSeal | undefined;
  /** The seal of a key that is kept. */
  sealOf(key: string): Promise<RunSeal>;
  /** The value in an envelope. `check` may refuse the place it was sealed for. */
  open(sealed: Uint8Array, check?: (header: SealHeader) => boolean): Promise<Uint8Array>;
}
