// A worker that a test plays by hand: it sees what it is given and says what the test wants.
import { encodeError, encodeValue } from "@sluice/protocol";
import type { EngineToWorker, HeldTask, TaskOrder, WorkerToEngine } from "@sluice/protocol";
import type { Engine } from "./engine.ts";
import { plainOffer } from "./tasks/offer.ts";
import type { WorkerOffer } from "./tasks/offer.ts";
import type { AttachedWorker } from "./worker-link.ts";

export type Order = Extract<TaskOrder, { readonly type: "task" }>;

export class TaskPeer {
  readonly id: string;
  readonly orders: Order[] = [];
  readonly revoked: string[] = [];
  readonly attached: AttachedWorker;

  constructor(
    engine: Engine,
    id: string,
    { remote = false, ...offer }: Partial<WorkerOffer> & { readonly remote?: boolean } = {},
    running: readonly HeldTask[] = [],
  ) {
    this.id = id;
    this.attached = engine.attach(
      { id, send: (messages) => this.#take(messages) },
      { offer: { ...plainOffer, tasks: ["resize"], ...offer }, running, remote },
    );
  }

  #take(messages: readonly EngineToWorker[]): void {
    for (const message of messages) {
      if (message.type === "task") this.orders.push(message);
      else if (message.type === "revoke") this.revoked.push(message.reason);
      else if (message.type === "drain") this.say({ type: "handback", runs: [], tasks: this.orders.map(held) });
    }
  }

  say(message: WorkerToEngine): void {
    this.attached.receive(message);
  }

  done({ task, epoch }: Order, value: unknown): void {
    this.say({ type: "result", task, epoch, value: encodeValue(value) });
  }

  fail({ task, epoch }: Order, error: Error, more: { readonly final?: boolean; readonly after?: number } = {}): void {
    this.say({ type: "result", task, epoch, error: encodeError(error), ...more });
  }

  /** The next order, once it is there. */
  async next(): Promise<Order> {
    for (;;) {
      const order = this.orders.shift();
      if (order !== undefined) return order;
      await new Promise((resolve) => void setImmediate(resolve));
    }
  }

  lost(crashed = true, keep: readonly HeldTask[] = [], executing: readonly string[] = []): Promise<void> {
    const evidence = executing.map((run) => ({ run, step: "task resize" }));
    return this.attached.lost({ crashed, executing: evidence, message: "it is gone" }, keep);
  }

  /** Its connection is over, and nobody knows why. */
  vanished(): Promise<void> {
    return this.attached.lost({ crashed: false, executing: [], message: "it is gone", unexplained: true });
  }
}

function held({ task, epoch }: Order): HeldTask {
  return { task, epoch };
}
