// For tests of the workers' side: everything but the network and the tokens is real, time stands still until it is moved.
import { decodeMessage, encodeMessage, frameVersion, workerMessageCodes, workerMessageName } from "@sluice/protocol";
import type { WireMessage, WorkerMessageName } from "@sluice/protocol";
import { fail, ok } from "../kernel/result.ts";
import { MemoryRunStore } from "../store/memory/memory-run-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import type { WorkerConnection } from "./connection.ts";
import { Fleet } from "./fleet.ts";
import { fleetLimits } from "./limits.ts";
import type { FleetLimits } from "./limits.ts";
import type { FleetParts, OtherWork, WorkerDoor, WorkerPermit, WorkerTransport } from "./ports.ts";

const startMs = 1_700_000_000_000;

/** What a token called `name` lets its worker do; its end can be told. */
class Doorman implements WorkerDoor {
  readonly ends = new Map<string, (why: string) => void>();
  readonly permits = new Map<string, Partial<WorkerPermit>>();

  async bySecret(secret: string | undefined): ReturnType<WorkerDoor["bySecret"]> {
    if (secret === undefined) return ok(this.#permit(undefined));
    return secret.startsWith("bad")
      ? fail({ code: "unauthorized", message: "The token is not one of this server." })
      : ok(this.#permit(secret));
  }

  async byToken(token: string): ReturnType<WorkerDoor["byToken"]> {
    return ok(this.#permit(token));
  }

  #permit(token: string | undefined): WorkerPermit {
    return {
      actor: { kind: "token", id: token ?? "operator" },
      token,
      open: false,
      labels: undefined,
      states: undefined,
      kinds: undefined,
      onEnded: (listener) => {
        this.ends.set(token ?? "", listener);
        return () => void this.ends.delete(token ?? "");
      },
      ...this.permits.get(token ?? ""),
    };
  }
}

/** One end of a connection, and what came out of it. */
export class Line implements WorkerTransport {
  readonly kind = "tcp";
  readonly address = "192.0.2.9";
  readonly sent: WireMessage[] = [];
  waitingBytes = 0;
  paused = false;
  closed = false;
  connection: WorkerConnection | undefined;
  #count = 0;

  send(message: WireMessage): void {
    this.sent.push(decodeMessage(encodeMessage(message)));
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  close(): void {
    this.closed = true;
  }

  /** The worker says something; answers with the id of the message. */
  say(name: WorkerMessageName, payload: Readonly<Record<string, unknown>>, timestamp = startMs): string {
    return this.frame(workerMessageCodes[name], payload, timestamp);
  }

  frame(type: number, payload: Readonly<Record<string, unknown>>, timestamp = startMs): string {
    const id = `m-${++this.#count}`;
    const message = { version: frameVersion, type, id, timestamp, runtime: "python", payload } as const;
    const bytes = encodeMessage(message);
    this.connection?.received([decodeMessage(bytes)], bytes.length);
    return id;
  }

  /** What it was told, taken out. */
  heard(): readonly (readonly [string, Readonly<Record<string, unknown>>])[] {
    return this.sent.splice(0).map(({ type, payload }) => [workerMessageName(type) ?? String(type), payload] as const);
  }

  /** Its network breaks. */
  cut(): void {
    this.closed = true;
    this.connection?.closed();
  }
}

export class FleetDesk {
  readonly clock = new SimulatedClock(startMs);
  readonly store = new MemoryRunStore();
  readonly door = new Doorman();
  readonly logs: string[] = [];
  readonly fleet: Fleet;
  readonly parts: FleetParts;
  #ids = 0;

  constructor(limits: Partial<FleetLimits> = {}) {
    const { store, clock } = this;
    const now = (): number => clock.now();
    this.parts = {
      store,
      state: {
        get: async (scope, key) => ok(await store.getState({ scope, key, now: now() })),
        set: async (p) => {
          const expiresAt = p.ttl === undefined ? undefined : now() + p.ttl;
          const { outcome, version } = await store.setState({ ...p, expiresAt, now: now() });
          return outcome === "ok"
            ? ok(version)
            : fail({ code: "state_version_conflict", message: "no", details: { version } });
        },
        delete: async (p) => ok((await store.deleteState({ ...p, now: now() })).outcome === "ok"),
      },
      loadValue: async (stored) => stored,
      door: this.door,
      clock,
      log: (_level, message) => this.logs.push(message),
      limits: { ...fleetLimits, ...limits },
      master: "m-1",
      newId: () => `id-${++this.#ids}`,
      newBuildId: () => `bld_${String(++this.#ids).padStart(4, "0")}`,
      newSecret: () => `secret-${++this.#ids}`,
      hash: (secret) => `hash of ${secret}`,
    };
    this.fleet = new Fleet(this.parts);
  }

  async start(otherWork?: OtherWork): Promise<this> {
    await this.fleet.start(otherWork);
    return this;
  }

  line(): Line {
    const line = new Line();
    line.connection = this.fleet.connect(line);
    return line;
  }

  /** A worker that was let in. */
  async worker(id: string, hello: Readonly<Record<string, unknown>> = {}): Promise<Line> {
    const line = this.line();
    line.say("HELLO", { worker_id: id, capabilities: ["build"], ...hello });
    await this.settle();
    const ack = line.sent.shift();
    if (ack?.payload["accepted"] !== true) throw new Error(JSON.stringify(ack));
    return line;
  }

  async build(p: Partial<Parameters<Fleet["builds"]["create"]>[0]> = {}): Promise<string> {
    const by = { kind: "user", id: "ada" } as const;
    const made = await this.fleet.builds.create({
      by,
      target: "t",
      options: {},
      on: { capabilities: [], labels: [] },
      ...p,
    });
    if (!made.ok) throw new Error(made.error.code);
    await this.settle();
    return made.value.id;
  }

  async status(build: string): Promise<string> {
    const record = await this.store.builds.getBuild({ build });
    return `${record?.status} ${record?.worker ?? "-"} ${record?.epoch}`;
  }

  /** Lets everything happen that needs no time: nothing here does anything but wait for promises. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settle();
  }
}
