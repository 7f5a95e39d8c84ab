// What the workers' side of the engine needs from those around it, and what it is made of: transports, who lets workers in, shared
// state, and whoever gives out other work than builds.
import type { WireMessage } from "@sluice/protocol";
import type { BuildStore } from "../kernel/build-store.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Logger } from "../kernel/log.ts";
import type { Result } from "../kernel/result.ts";
import type { Actor, RunStore, StateEntry } from "../kernel/run-store.ts";
import type { FleetLimits } from "./limits.ts";
import type { RemoteWorker } from "./remote-worker.ts";

/** One connection, whatever carries it. */
export interface WorkerTransport {
  readonly kind: "tcp" | "websocket";
  /** Network address of the other side. */
  readonly address: string | undefined;
  /** Sends one message in one write; what cannot be taken yet waits. Does nothing once it is closed. */
  send(message: WireMessage): void;
  /** Bytes that wait. */
  readonly waitingBytes: number;
  /** Nothing more is read from the other side until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends the connection once what waits was sent. */
  close(): void;
}

/** What a worker may do, by the token it came with. Patterns as everywhere; undefined is everything. */
export interface WorkerPermit {
  readonly actor: Actor;
  /** Id of the token, where it is one that can be revoked. */
  readonly token: string | undefined;
  /** Nobody has to show anything here: any name is anybody's. */
  readonly open: boolean;
  readonly labels: readonly string[] | undefined;
  readonly states: readonly string[] | undefined;
  /** Of `workKinds`. */
  readonly kinds: readonly string[] | undefined;
  /** Calls back once when the token is good no more. Answers how to stop listening. */
  onEnded(listener: (why: string) => void): () => void;
}

/** Knows tokens. Refusals carry the reason for the worker. */
export interface WorkerDoor {
  /** By what a worker shows; undefined: it shows nothing. `worker`: what it calls itself. */
  bySecret(secret: string | undefined, address: string | undefined, worker?: string): Promise<Result<WorkerPermit>>;
  /** By the id of the token for which a credential was given. */
  byToken(token: string, address: string | undefined): Promise<Result<WorkerPermit>>;
}

/** State of the scope `global`, as the engine keeps it. */
export interface WorkerStateSource {
  get(scope: string, key: string): Promise<Result<StateEntry | undefined>>;
  set(p: {
    readonly by: Actor;
    readonly scope: string;
    readonly key: string;
    readonly value: Uint8Array;
    readonly ttl?: number | undefined;
    readonly ifVersion?: number | undefined;
  }): Promise<Result<number>>;
  delete(p: {
    readonly by: Actor;
    readonly scope: string;
    readonly key: string;
    readonly ifVersion?: number | undefined;
  }): Promise<Result<boolean>>;
}

/**
 * Gives workers other work than builds: runs and tasks, in messages 0x60–0x7f. Only workers that announced a heartbeat are told
 * of, since a basic worker knows none of it.
 */
export interface OtherWork {
  joined(worker: RemoteWorker): void;
  /** Messages 0x60–0x7f, in order. While a promise is open nothing more of this worker is handled, and its socket fills up. */
  received(worker: RemoteWorker, message: WireMessage): void | Promise<void>;
  /** It gets no new work. */
  draining(worker: RemoteWorker): void;
  /** Its connection is over, and the time to come back as well; called once for each `joined`. */
  left(worker: RemoteWorker, left: LeftWorker): void;
}

/** What is known of a worker that is gone. */
export interface LeftWorker {
  readonly why: string;
  /** It was not sent away: its connection broke, it was silent, or another of its name came. It may have crashed. */
  readonly unexplained?: boolean | undefined;
}

export interface FleetParts {
  readonly store: Pick<RunStore, "getState" | "setState" | "deleteState"> & { readonly builds: BuildStore };
  readonly state: WorkerStateSource;
  /** The value behind what is stored in a row. */
  readonly loadValue: (stored: Uint8Array) => Promise<Uint8Array>;
  readonly door: WorkerDoor;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: FleetLimits;
  /** Name of this server in HELLO_ACK. */
  readonly master: string;
  /** Where a worker on this connection finds blobs: a URL, or a path on the server that it is connected to. */
  readonly blobsUrl?: ((line: Pick<WorkerTransport, "kind" | "address">) => string | undefined) | undefined;
  readonly newId: () => string;
  /** Id of a build: sortable by time. */
  readonly newBuildId: () => string;
  /** Unguessable text, for credentials and locks. */
  readonly newSecret: () => string;
  readonly hash: (secret: string) => string;
  /** Something that clients may watch has changed. */
  readonly changed?: ((noun: "worker" | "build") => void) | undefined;
}
