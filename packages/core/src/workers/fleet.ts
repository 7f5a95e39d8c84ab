// The workers on other machines: who is there, who is let in under which name, and what is done with what they ask for.
import { workerMessageCodes } from "@sluice/protocol";
import type { WireMessage } from "@sluice/protocol";
import type { WorkerMessage, WorkerPayload } from "@sluice/protocol/worker-messages";
import { attempt, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Actor } from "../kernel/run-store.ts";
import { Admitter, noWorker, tooManyWaits } from "./admission.ts";
import type { Admission } from "./admission.ts";
import { Builds } from "./builds.ts";
import { WorkerConnection } from "./connection.ts";
import type { ConnectionOwner } from "./connection.ts";
import { Locks } from "./locks.ts";
import type { FleetParts, OtherWork, WorkerTransport } from "./ports.ts";
import { RemoteWorker } from "./remote-worker.ts";
import type { Hello } from "./remote-worker.ts";
import { Resources } from "./resources.ts";
import { refusedTo, shown, StateRequests } from "./state-requests.ts";

/** A worker whose connection is over and who may still come back. */
interface Absent {
  readonly worker: RemoteWorker;
  readonly stop: () => void;
}

export class Fleet implements ConnectionOwner {
  readonly builds: Builds;
  readonly resources: Resources;
  readonly #parts: FleetParts;
  readonly #admitter: Admitter;
  readonly #locks: Locks;
  readonly #state: StateRequests;
  readonly #connections = new Set<WorkerConnection>();
  readonly #workers = new Map<string, RemoteWorker>();
  readonly #absent = new Map<string, Absent>();
  /** Aborted when its connection is over: what it waits for is given up. */
  readonly #lives = new Map<RemoteWorker, AbortController>();
  readonly #waits = new Map<RemoteWorker, number>();
  readonly #stops = new Map<RemoteWorker, () => void>();
  #otherWork: OtherWork | undefined;
  #stopped = false;
  #stopSweep: () => void = () => undefined;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    const { clock, newId, newSecret, store } = parts;
    this.#admitter = new Admitter(parts);
    this.builds = new Builds(parts, () => this.#workers.values());
    this.resources = new Resources({ clock, newId });
    this.#locks = new Locks({ store, clock, newToken: newSecret });
    this.#state = new StateRequests(parts);
  }

  /** Takes up what an earlier server has left. `otherWork`: who gives out runs and tasks. */
  async start(otherWork?: OtherWork): Promise<void> {
    this.#otherWork = otherWork;
    await this.builds.start();
    this.#sweep();
  }

  /** Every connection is closed; workers come back to the next server. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#stopSweep();
    this.builds.stop();
    for (const connection of this.#connections) connection.end("draining", "The server is stopping.");
    for (const { stop } of this.#absent.values()) stop();
  }

  /** Those who are connected, in the order in which they came. */
  get workers(): readonly RemoteWorker[] {
    return [...this.#workers.values()];
  }

  /** A connection was opened. Whoever carries it tells the connection what arrives. */
  connect(transport: WorkerTransport): WorkerConnection {
    const { clock, log, limits, newId } = this.#parts;
    const connection = new WorkerConnection({ clock, log, limits, newId, owner: this }, transport);
    this.#connections.add(connection);
    if (this.#stopped) connection.end("draining", "The server is stopping.");
    else if (this.#connections.size > limits.remoteWorkersMax) this.#makeRoom(limits.remoteWorkersMax);
    return connection;
  }

  /** Who has been waiting longest without being let in goes, so that strangers who say nothing keep no worker out. */
  #makeRoom(connectionsMax: number): void {
    for (const connection of this.#connections) {
      if (connection.known) continue;
      // No refusal: who has a token may try again.
      connection.end("too_many_requests", `There are ${connectionsMax} connections (remoteWorkersMax).`);
      return;
    }
  }

  /** Gives a worker no new work; what it has it may finish. */
  async drain(p: { readonly by: Actor; readonly worker: string }): Promise<Result<void>> {
    const { clock, store } = this.#parts;
    const drained = await attempt(() => store.builds.drainWorker({ ...p, draining: true, now: clock.now() }));
    if (!drained.ok) return drained;
    const worker = this.#workers.get(p.worker);
    if (drained.value.outcome === "not_found" && worker === undefined) return noWorker(p.worker);
    if (worker !== undefined) this.#drained(worker);
    return ok(undefined);
  }

  /** Sends a worker away for good: its token lets nobody in any more. What it had is given out again at once. */
  async remove(p: { readonly by: Actor; readonly worker: string }): Promise<Result<void>> {
    const { clock, store } = this.#parts;
    const removed = await attempt(() => store.builds.removeWorker({ ...p, now: clock.now() }));
    if (!removed.ok) return removed;
    const worker = this.#workers.get(p.worker);
    if (removed.value.outcome === "not_found" && worker === undefined) return noWorker(p.worker);
    if (worker !== undefined) this.#dismiss(worker, "worker_removed", "The worker was removed.");
    return ok(undefined);
  }

  async hello(connection: WorkerConnection, hello: Hello, runtime: string): Promise<void> {
    const judged = await attempt(() => this.#admitter.admit(hello, connection.address));
    if (connection.over) return;
    // A refusal is for good; what only fails now is tried again by the worker.
    if (!judged.ok) connection.end(judged.error.code, judged.error.message);
    else if (judged.value.ok) this.#enter(connection, { hello, runtime, admission: judged.value });
    else {
      this.#parts.log("warn", "a worker was refused", {
        worker: hello.worker_id.slice(0, 200),
        address: connection.address,
        reason: judged.value.reason,
      });
      const { reason, passing } = judged.value;
      if (passing === undefined) connection.refuse(reason);
      else connection.end(passing, reason);
    }
  }

  #enter(
    connection: WorkerConnection,
    p: {
      readonly hello: Hello;
      readonly runtime: string;
      readonly admission: Extract<Admission, { readonly ok: true }>;
    },
  ): void {
    const { clock, limits, log, master } = this.#parts;
    const { permit, credential, draining } = p.admission;
    const older = this.#workers.get(p.hello.worker_id);
    const facts = {
      ...p,
      permit,
      draining,
      line: connection,
      connectedAt: clock.now(),
      slotsMax: limits.workerSlotsMax,
    };
    const worker = new RemoteWorker(facts);
    // The newer one wins; what the older one had is the newer one's to announce, or lost.
    if (older !== undefined) this.#replace(older);
    const absent = this.#absent.get(worker.id);
    absent?.stop();
    this.#absent.delete(worker.id);
    if (absent !== undefined) this.#vanished(absent.worker, "it came back with another connection");
    this.#workers.set(worker.id, worker);
    this.#lives.set(worker, new AbortController());
    this.#stops.set(
      worker,
      permit.onEnded((why) => this.#dismiss(worker, "token_ended", `The token is good no more: ${why}.`)),
    );
    this.resources.join(worker);
    const promisedMs = p.hello.heartbeat_ms;
    connection.accept(worker, {
      master_id: master,
      assigned_resources: [],
      heartbeat_ms: promisedMs ?? limits.remoteHeartbeatMs,
      lease_ms: (promisedMs ?? limits.remoteHeartbeatMs) * limits.heartbeatsMissedMax,
      credential,
      blobs_url: this.#parts.blobsUrl?.(connection),
    });
    log("info", "a worker connected", { worker: worker.id, runtime: worker.runtime, address: connection.address });
    this.builds.resume(worker);
    if (!worker.basic) this.#otherWork?.joined(worker);
    this.builds.place();
    this.#parts.changed?.("worker");
  }

  message(worker: RemoteWorker, message: WorkerMessage): Promise<void> | undefined {
    switch (message.name) {
      case "HEARTBEAT":
        this.#heartbeat(worker, message);
        return undefined;
      case "BUILD_STARTED":
      case "BUILD_PROGRESS":
      case "BUILD_COMPLETED":
      case "BUILD_FAILED": {
        const taken = this.builds.report(worker, message);
        if (taken === undefined || taken instanceof Promise) return taken;
        this.#error(worker, { request: message.id, code: "stale_epoch", message: taken.error });
        return undefined;
      }
      case "STATE_GET":
      case "STATE_SET":
      case "STATE_DELETE":
        return this.#state.answer(worker, message);
      case "LOCK_ACQUIRE":
        return this.#lock(worker, message.id, message.payload);
      case "LOCK_RELEASE":
        return this.#unlock(worker, message.id, message.payload);
      case "RESOURCE_CLAIM":
        return this.#claim(worker, message.id, message.payload);
      case "RESOURCE_RELEASE":
        this.#resourceAnswer(worker, message.id, { ok: this.resources.release(worker, message.payload.claim_id) });
        return undefined;
      case "RESOURCE_STATUS":
        this.#resourceAnswer(worker, message.id, {});
        return undefined;
      case "ERROR":
        this.#refused(worker, message.payload);
        return undefined;
      default:
        return undefined;
    }
  }

  /** A worker that leaves, or has no room after all, gives back what it was just asked for. */
  #refused(worker: RemoteWorker, error: WorkerPayload<"ERROR">): void {
    if (error.code === "worker_draining") this.#drained(worker);
    if (this.builds.refused(worker, error.request_id, `the worker did not take it: ${error.message}`)) return;
    this.#parts.log("warn", "a worker answered with an error", { worker: worker.id, ...error });
  }

  #drained(worker: RemoteWorker): void {
    worker.draining = true;
    if (!worker.basic) this.#otherWork?.draining(worker);
    this.#parts.changed?.("worker");
  }

  otherWork(worker: RemoteWorker, message: WireMessage): Promise<void> | undefined {
    if (this.#otherWork === undefined) {
      this.#error(worker, {
        request: message.id,
        code: "message_unknown_type",
        message: "Only builds are given out here.",
      });
      return undefined;
    }
    return this.#otherWork.received(worker, message) ?? undefined;
  }

  closed(connection: WorkerConnection, worker: RemoteWorker | undefined, why: string): void {
    this.#connections.delete(connection);
    if (worker === undefined || worker.gone) return;
    worker.gone = true;
    this.#quit(worker);
    if (this.#workers.get(worker.id) === worker) this.#workers.delete(worker.id);
    const { clock, limits, log } = this.#parts;
    log("info", "a worker's connection is over", { worker: worker.id, why });
    if (!this.#stopped) {
      const stop = clock.after(limits.reconnectGraceMs, () => {
        this.#absent.delete(worker.id);
        this.builds.release(worker.id, why);
        this.#vanished(worker, why);
      });
      this.#absent.set(worker.id, { worker, stop });
    }
    this.#parts.changed?.("worker");
  }

  /** What ends with a connection, and not with the time to come back. */
  #quit(worker: RemoteWorker): void {
    this.#lives.get(worker)?.abort();
    this.#lives.delete(worker);
    this.#waits.delete(worker);
    this.#stops.get(worker)?.();
    this.#stops.delete(worker);
    this.resources.leave(worker);
  }

  #replace(older: RemoteWorker): void {
    older.gone = true;
    this.#workers.delete(older.id);
    this.#quit(older);
    older.line.end("worker_replaced", "Another worker with this worker_id has connected.");
    this.#vanished(older, "another worker with its name has connected");
  }

  /** Ends a connection without a time to come back. */
  #dismiss(worker: RemoteWorker, code: string, why: string): void {
    if (worker.gone) return;
    worker.gone = true;
    if (this.#workers.get(worker.id) === worker) this.#workers.delete(worker.id);
    this.#quit(worker);
    worker.line.end(code, why);
    this.builds.release(worker.id, why);
    if (!worker.basic) this.#otherWork?.left(worker, { why });
    this.#parts.changed?.("worker");
  }

  #vanished(worker: RemoteWorker, why: string): void {
    if (!worker.basic) this.#otherWork?.left(worker, { why, unexplained: true });
  }

  #heartbeat(
    worker: RemoteWorker,
    { payload, timestamp }: Extract<WorkerMessage, { readonly name: "HEARTBEAT" }>,
  ): void {
    const { load } = payload;
    worker.clockSkewMs = timestamp - this.#parts.clock.now();
    if (typeof load === "number") worker.load = load;
    else if (typeof load?.["cpu"] === "number") worker.load = load["cpu"];
    worker.send(workerMessageCodes.HEARTBEAT_ACK, { worker_id: worker.id });
  }

  async #unlock(worker: RemoteWorker, id: string, p: WorkerPayload<"LOCK_RELEASE">): Promise<void> {
    const released = refusedTo(worker, p.resource) ?? (await this.#locks.release(p));
    this.#lockAnswer(worker, id, released.ok ? ok({}) : released);
  }

  /** A wait is not waited for: what comes after it is served meanwhile. */
  #lock(worker: RemoteWorker, id: string, p: WorkerPayload<"LOCK_ACQUIRE">): Promise<void> | undefined {
    const { resource, token, ttl_ms: ttlMs, wait_ms: waitMs = 0 } = p;
    const refused = refusedTo(worker, resource);
    if (refused !== undefined) return Promise.resolve(this.#lockAnswer(worker, id, refused));
    if (token !== undefined) {
      return this.#locks.renew({ resource, token, ttlMs }).then((held) => this.#lockAnswer(worker, id, held));
    }
    const signal = this.#lives.get(worker)?.signal ?? AbortSignal.abort();
    const wait = Math.min(waitMs, this.#parts.limits.workerWaitMsMax);
    if (!this.#mayWait(worker, wait)) {
      this.#lockAnswer(worker, id, tooManyWaits(this.#parts.limits.workerWaitsMax));
      return undefined;
    }
    const taken = this.#locks
      .acquire({ resource, ttlMs, waitMs: wait, signal })
      .then((held) => this.#lockAnswer(worker, id, held));
    return this.#waited(worker, wait, taken);
  }

  #claim(worker: RemoteWorker, id: string, p: WorkerPayload<"RESOURCE_CLAIM">): Promise<void> | undefined {
    const wait = Math.min(p.wait_ms ?? 0, this.#parts.limits.workerWaitMsMax);
    if (!this.#mayWait(worker, wait)) {
      this.#resourceAnswer(worker, id, { ok: false });
      return undefined;
    }
    const claimed = this.resources
      .claim(worker, { amounts: p.resources, waitMs: wait })
      .then((claim) =>
        this.#resourceAnswer(worker, id, claim.ok ? { ok: true, claim_id: claim.value } : { ok: false }),
      );
    return this.#waited(worker, wait, claimed);
  }

  #mayWait(worker: RemoteWorker, waitMs: number): boolean {
    return waitMs === 0 || (this.#waits.get(worker) ?? 0) < this.#parts.limits.workerWaitsMax;
  }

  #waited(worker: RemoteWorker, waitMs: number, done: Promise<void>): Promise<void> | undefined {
    if (waitMs === 0) return done;
    this.#waits.set(worker, (this.#waits.get(worker) ?? 0) + 1);
    const over = (): void => {
      const left = (this.#waits.get(worker) ?? 1) - 1;
      if (left <= 0) this.#waits.delete(worker);
      else this.#waits.set(worker, left);
    };
    done.then(over, (error: unknown) => {
      over();
      this.#parts.log("error", "a wait of a worker failed", { worker: worker.id, error: String(error) });
    });
    return undefined;
  }

  #lockAnswer(worker: RemoteWorker, id: string, held: Result<object>): void {
    const answer = held.ok ? { ok: true, ...held.value } : { ok: false, error: shown(held.error) };
    worker.send(workerMessageCodes.LOCK_RESPONSE, { request_id: id, ...answer });
  }

  #resourceAnswer(worker: RemoteWorker, id: string, answer: object): void {
    const [total, claimed] = [this.resources.totalOf(worker), this.resources.claimedOf(worker)];
    worker.send(workerMessageCodes.RESOURCE_STATUS, { request_id: id, ...answer, total, claimed });
  }

  #error(worker: RemoteWorker, p: { readonly request: string; readonly code: string; readonly message: string }): void {
    worker.send(workerMessageCodes.ERROR, { request_id: p.request, code: p.code, message: p.message });
  }

  /** Forgets builds that ended long ago, a few at a time. */
  #sweep(): void {
    const { clock, limits, log, store } = this.#parts;
    this.#stopSweep = clock.after(sweepEveryMs, () => {
      const endedBefore = clock.now() - limits.buildRetentionMs;
      void attempt(() => store.builds.sweepBuilds({ endedBefore, limit: sweptAtOnceMax })).then((swept) => {
        if (!swept.ok) log("warn", "old builds could not be deleted; it is tried again", { error: swept.error });
        if (!this.#stopped) this.#sweep();
      });
    });
  }
}

const sweepEveryMs = 60_000;
const sweptAtOnceMax = 500;
