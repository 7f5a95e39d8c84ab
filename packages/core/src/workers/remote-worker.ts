// A worker that was let in: what it said of itself, what it may do, and what it holds.
import { runMessageCodeRange } from "@sluice/protocol";
import type { WireMessage } from "@sluice/protocol";
import type { WorkerPayload } from "@sluice/protocol/worker-messages";
import { matchesAny } from "../kernel/patterns.ts";
import type { WorkerPermit } from "./ports.ts";

export type Hello = WorkerPayload<"HELLO">;

/** How a worker's connection is reached. */
export interface WorkerLine {
  readonly kind: "tcp" | "websocket";
  readonly address: string | undefined;
  readonly waitingBytes: number;
  /** Id of the message, which an answer names; undefined where it is over. */
  send(type: number, payload: Readonly<Record<string, unknown>>): string | undefined;
  end(code: string, message: string): void;
}

/** A build that a worker has. */
export interface HeldBuild {
  readonly build: string;
  readonly epoch: number;
  /** Id of the message that asked for it on this connection. */
  readonly request?: string | undefined;
  /** It ended without the worker's word; its slot is taken until the worker says so or leaves. */
  over: boolean;
}

export interface RemoteWorkerFacts {
  readonly hello: Hello;
  readonly runtime: string;
  readonly permit: WorkerPermit;
  readonly line: WorkerLine;
  readonly connectedAt: number;
  readonly slotsMax: number;
  readonly draining: boolean;
}

export class RemoteWorker {
  readonly id: string;
  readonly hello: Hello;
  readonly runtime: string;
  /** Of the runtime, as far as it said so. */
  readonly version: string | undefined;
  readonly permit: WorkerPermit;
  readonly connectedAt: number;
  readonly capabilities: ReadonlySet<string>;
  readonly labels: ReadonlySet<string>;
  readonly slots: number;
  /** It knows 0x01–0x52 and need not say that it is alive. */
  readonly basic: boolean;
  readonly held = new Map<string, HeldBuild>();
  /** Work other than builds that it holds. */
  otherWork = 0;
  load: number | undefined;
  heardAt: number;
  /** Its clock minus ours, in milliseconds, as of its last heartbeat. */
  clockSkewMs: number | undefined;
  draining: boolean;
  /** The connection is over. */
  gone = false;
  readonly #line: WorkerLine;

  constructor(facts: RemoteWorkerFacts) {
    const { hello, runtime } = facts;
    this.id = hello.worker_id;
    this.hello = hello;
    this.runtime = runtime;
    const version = hello[`${runtime}_version`];
    this.version = typeof version === "string" ? version : undefined;
    this.permit = facts.permit;
    this.connectedAt = facts.connectedAt;
    this.heardAt = facts.connectedAt;
    this.capabilities = new Set(hello.capabilities);
    this.labels = new Set([...(hello.labels ?? []), ...fixedLabels(facts.permit)]);
    this.basic = hello.heartbeat_ms === undefined;
    this.slots = this.basic ? 1 : Math.min(hello.slots ?? 1, facts.slotsMax);
    this.draining = facts.draining;
    this.#line = facts.line;
  }

  get line(): WorkerLine {
    return this.#line;
  }

  /** Slots that are free. */
  get room(): number {
    return this.gone || this.draining ? 0 : this.slots - this.held.size - this.otherWork;
  }

  /** Bytes that it has not taken yet. */
  get waitingBytes(): number {
    return this.#line.waitingBytes;
  }

  /** Whether its token lets it do such work. */
  may(kind: "build" | "task" | "run"): boolean {
    return this.permit.kinds === undefined || matchesAny(this.permit.kinds, kind);
  }

  /** Sends a message; its id. What only our own workers know never goes to a basic one. */
  send(type: number, payload: Readonly<Record<string, unknown>>): string | undefined {
    return this.gone || (this.basic && isOurOwn(type)) ? undefined : this.#line.send(type, payload);
  }
}

/** Types 0x60–0x7f. */
export function isOurOwn(type: WireMessage["type"]): boolean {
  return type >= runMessageCodeRange.first && type <= runMessageCodeRange.last;
}

/** Labels that a token names without leaving anything open are its worker's, whether it says them or not. */
function fixedLabels({ labels }: WorkerPermit): readonly string[] {
  return (labels ?? []).filter((label) => !label.includes("*"));
}
