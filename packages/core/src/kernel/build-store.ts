// The port behind which builds are kept, and which worker an access token belongs to. A build is a row that outlives server and
// worker: whoever executes it does so under an epoch, and what comes with another one changes nothing.
import type { BuildEventKind, BuildStatus } from "@sluice/protocol";
import type { Actor } from "./run-records.ts";

/** Which workers a build may go to. */
export interface BuildPlacement {
  readonly capabilities: readonly string[];
  readonly labels: readonly string[];
  readonly runtime?: string | undefined;
}

/** A build about to exist. Times are milliseconds since 1970. */
interface NewBuild {
  readonly id: string;
  readonly target: string;
  /** Encoded value: `options` of BUILD_REQUEST as it goes to the worker. */
  readonly options: Uint8Array;
  readonly on: BuildPlacement;
  readonly createdAt: number;
}

export interface BuildRecord extends NewBuild {
  readonly status: BuildStatus;
  /** How often it was given to a worker. */
  readonly epoch: number;
  /** Who has it, or had it last. */
  readonly worker?: string | undefined;
  readonly by: Actor;
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
  /** Somebody wants it to end early. */
  readonly cancelling: boolean;
  readonly done?: number | undefined;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
  /** Number of the last event. */
  readonly events: number;
  /** Bytes of output that are kept, and that there were. */
  readonly outputBytes: number;
  readonly outputBytesSeen: number;
  readonly end?: BuildEnd | undefined;
}

/** How a build ended. */
export interface BuildEnd {
  readonly status: "completed" | "failed" | "cancelled";
  readonly exitCode?: number | undefined;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  /** Encoded values. */
  readonly output?: Uint8Array | undefined;
  readonly artifacts?: Uint8Array | undefined;
  readonly durationMs?: number | undefined;
}

/** Something that happened to a build. */
export interface BuildEvent {
  /** From 1, without gaps as long as nothing was forgotten. */
  readonly no: number;
  readonly at: number;
  readonly kind: BuildEventKind;
  readonly epoch: number;
  readonly worker?: string | undefined;
  /** Of `output`. */
  readonly stream?: "stdout" | "stderr" | undefined;
  readonly bytes?: Uint8Array | undefined;
  /** Of `progress`, and why of `lost`. */
  readonly done?: number | undefined;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

/** An event that has no number yet. */
export type NewBuildEvent = Omit<BuildEvent, "no" | "epoch" | "worker">;

/** Which token a worker's name belongs to. */
export interface WorkerBinding {
  readonly worker: string;
  /** Id of the token it was let in with. */
  readonly token: string;
  /** SHA-256 of the credential that was given for the token. */
  readonly credentialHash: string;
  readonly createdAt: number;
  /** It gets no new work. */
  readonly draining: boolean;
  /** It was sent away for good: neither token nor credential let it in again. */
  readonly removedAt?: number | undefined;
}

/** The verbs reject with a `SluiceError` (`store_failed`, `disk_full`) and have then changed nothing. */
export interface BuildStore {
  /** Refused as `full` when `queuedMax` builds wait. */
  createBuild(p: {
    readonly by: Actor;
    readonly build: NewBuild;
    /** Digests of its inputs, which are kept as long as the build is. */
    readonly blobs?: readonly string[] | undefined;
    readonly queuedMax: number;
  }): Promise<{ readonly outcome: "ok"; readonly build: BuildRecord } | { readonly outcome: "full" }>;
  /** Gives a queued build to a worker: epoch + 1, running. */
  claimBuild(p: {
    readonly build: string;
    readonly worker: string;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok"; readonly build: BuildRecord } | { readonly outcome: "refused" }>;
  /** Adds events, and ends the build where `end` is there; `stale` when another epoch is the current one or it has ended. */
  appendBuild(p: {
    readonly build: string;
    readonly epoch: number;
    readonly events: readonly NewBuildEvent[];
    readonly end?: BuildEnd | undefined;
    /** Digests of its artifacts, which are kept as long as the build is. */
    readonly blobs?: readonly string[] | undefined;
    /** Bytes of output that are kept; older output goes. */
    readonly keepBytes: number;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok"; readonly build: BuildRecord } | { readonly outcome: "stale" }>;
  /** Takes running builds back from their workers, so that others get them; one that is to be cancelled ends. */
  releaseBuilds(p: {
    readonly builds: readonly { readonly build: string; readonly epoch: number }[];
    readonly why: string;
    readonly now: number;
  }): Promise<{ readonly released: readonly BuildRecord[] }>;
  /** A queued build ends, a running one is marked. */
  cancelBuild(p: {
    readonly by: Actor;
    readonly build: string;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" | "final"; readonly build: BuildRecord } | { readonly outcome: "not_found" }>;
  getBuild(p: { readonly build: string }): Promise<BuildRecord | undefined>;
  /** Newest first; with `order: "oldest"` the other way round. `cursor`: id of the last one of the page before. */
  listBuilds(p: {
    readonly status?: BuildStatus | undefined;
    readonly order?: "newest" | "oldest" | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<{ readonly builds: readonly BuildRecord[]; readonly next?: string | undefined }>;
  /** Events after a number, as many as `bytesMax` of output allow, one at least. */
  readBuildEvents(p: {
    readonly build: string;
    readonly after: number;
    readonly limit: number;
    readonly bytesMax: number;
  }): Promise<readonly BuildEvent[]>;
  /** Deletes up to `limit` builds that ended before `endedBefore`, with their events. */
  sweepBuilds(p: { readonly endedBefore: number; readonly limit: number }): Promise<{ readonly swept: number }>;

  /**
   * Makes a worker's name the token's. `bound` when it already was; `token_taken` when the token has another name, `worker_taken`
   * when the name has another token, `removed` when this worker was sent away.
   */
  bindWorker(p: {
    readonly by: Actor;
    readonly worker: string;
    readonly token: string;
    readonly credentialHash: string;
    readonly now: number;
  }): Promise<{
    readonly outcome: "ok" | "bound" | "token_taken" | "worker_taken" | "removed";
    /** The binding that holds, or stands in the way. */
    readonly binding: WorkerBinding;
  }>;
  findWorker(
    p: { readonly worker: string } | { readonly credentialHash: string } | { readonly token: string },
  ): Promise<WorkerBinding | undefined>;
  /** In order of names; removed ones too. */
  listWorkerBindings(): Promise<readonly WorkerBinding[]>;
  drainWorker(p: {
    readonly by: Actor;
    readonly worker: string;
    readonly draining: boolean;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" | "not_found" }>;
  removeWorker(p: {
    readonly by: Actor;
    readonly worker: string;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" | "not_found" }>;
}

/** The verbs that change something. */
export type BuildWriteVerb = Exclude<
  keyof BuildStore,
  "getBuild" | "listBuilds" | "readBuildEvents" | "findWorker" | "listWorkerBindings"
>;
