// RESOURCE_*: what a machine has, and who takes how much of it. Workers on one machine say so with the label `machine=NAME` and share;
// any other worker is a machine of its own. A claim dies with its connection.
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Clock } from "../kernel/clock.ts";
import type { RemoteWorker } from "./remote-worker.ts";

/** Amounts by name: `cpu` in cores, `memory_bytes`, or a name of one's own. */
export type Amounts = Readonly<Record<string, number>>;

/** Sums of fractions of a core are not exact. */
const roundingMax = 1e-9;

interface Claim {
  readonly id: string;
  readonly worker: RemoteWorker;
  readonly amounts: Amounts;
}
interface Waiting {
  readonly worker: RemoteWorker;
  readonly amounts: Amounts;
  /** With the id of the claim, or nothing. */
  readonly settle: (claim: string | undefined) => void;
}

export class Resources {
  readonly #clock: Clock;
  readonly #newId: () => string;
  readonly #workers = new Set<RemoteWorker>();
  readonly #claims = new Map<string, Claim>();
  /** First come, first served on each machine: what is large does not starve behind what is small. */
  #waiting: Waiting[] = [];

  constructor(p: { readonly clock: Clock; readonly newId: () => string }) {
    this.#clock = p.clock;
    this.#newId = p.newId;
  }

  join(worker: RemoteWorker): void {
    this.#workers.add(worker);
  }

  /** Its claims are free again. */
  leave(worker: RemoteWorker): void {
    this.#workers.delete(worker);
    for (const [id, claim] of this.#claims) if (claim.worker === worker) this.#claims.delete(id);
    for (const waiting of this.#waiting.filter((each) => each.worker === worker)) waiting.settle(undefined);
    this.#admit();
  }

  /** Takes an amount, waiting for it at most `waitMs`: the id of the claim. */
  async claim(
    worker: RemoteWorker,
    p: { readonly amounts: Amounts; readonly waitMs: number },
  ): Promise<Result<string>> {
    const { amounts, waitMs } = p;
    const total = this.totalOf(worker);
    const never = Object.entries(amounts).find(([name, amount]) => amount > (total[name] ?? 0));
    if (never !== undefined) {
      const [name, amount] = never;
      return fail({
        code: "resources_unavailable",
        message: `${amount} of ${JSON.stringify(name)} is more than there is: ${total[name] ?? 0}.`,
      });
    }
    const behind = this.#waiting.some((each) => machineOf(each.worker) === machineOf(worker));
    if (!behind && this.#fits(worker, amounts)) return ok(this.#grant(worker, amounts));
    if (waitMs === 0) return busy();
    const claim = await this.#wait(worker, p);
    return claim === undefined ? busy() : ok(claim);
  }

  /** False when the claim is not one of this worker's. */
  release(worker: RemoteWorker, id: string): boolean {
    if (this.#claims.get(id)?.worker !== worker) return false;
    this.#claims.delete(id);
    this.#admit();
    return true;
  }

  /** What the worker's machine has: of each the most that one of its workers has said. */
  totalOf(worker: RemoteWorker): Amounts {
    const total: Record<string, number> = {};
    const machine = machineOf(worker);
    for (const each of new Set([...this.#workers, worker])) {
      if (machineOf(each) !== machine) continue;
      for (const [name, amount] of Object.entries(each.hello.resources ?? {})) {
        total[name] = Math.max(total[name] ?? 0, amount);
      }
    }
    return total;
  }

  claimedOf(worker: RemoteWorker): Amounts {
    const claimed: Record<string, number> = {};
    const machine = machineOf(worker);
    for (const claim of this.#claims.values()) {
      if (machineOf(claim.worker) !== machine) continue;
      for (const [name, amount] of Object.entries(claim.amounts)) claimed[name] = (claimed[name] ?? 0) + amount;
    }
    return claimed;
  }

  #grant(worker: RemoteWorker, amounts: Amounts): string {
    const id = this.#newId();
    this.#claims.set(id, { id, worker, amounts });
    return id;
  }

  #fits(worker: RemoteWorker, amounts: Amounts): boolean {
    const total = this.totalOf(worker);
    const claimed = this.claimedOf(worker);
    return Object.entries(amounts).every(
      ([name, amount]) => (claimed[name] ?? 0) + amount <= (total[name] ?? 0) + roundingMax,
    );
  }

  /** Resolves with the id of the claim, or nothing when it was not free in time. */
  #wait(worker: RemoteWorker, p: { readonly amounts: Amounts; readonly waitMs: number }): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const stop = this.#clock.after(p.waitMs, () => {
      waiting.settle(undefined);
      // Those behind it may need less.
      this.#admit();
    });
    const waiting: Waiting = {
      worker,
      amounts: p.amounts,
      settle: (claim) => {
        stop();
        this.#waiting = this.#waiting.filter((each) => each !== waiting);
        resolve(claim);
      },
    };
    this.#waiting.push(waiting);
    return promise;
  }

  #admit(): void {
    const blocked = new Set<string>();
    for (const waiting of this.#waiting.slice()) {
      const machine = machineOf(waiting.worker);
      if (blocked.has(machine)) continue;
      if (this.#fits(waiting.worker, waiting.amounts)) waiting.settle(this.#grant(waiting.worker, waiting.amounts));
      else blocked.add(machine);
    }
  }
}

function machineOf(worker: RemoteWorker): string {
  for (const label of worker.labels) if (label.startsWith("machine=")) return label;
  return `worker ${worker.id}`;
}

function busy(): Result<never> {
  return fail({ code: "resources_unavailable", message: "They are taken.", hint: "Wait longer with wait_ms." });
}
