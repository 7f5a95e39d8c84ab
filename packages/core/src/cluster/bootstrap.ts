// What bringing components up asks of the room: in which order, whether there is anything to do, and what became of it.
import { decodeValue } from "@sluice/protocol";
import type { Clock } from "../kernel/clock.ts";
import type { ClusterStore, OperationRecord, PlanRecord } from "../kernel/cluster-store.ts";
import type { Ids } from "../kernel/ids.ts";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Actor } from "../kernel/run-records.ts";
import type { OperationRunner } from "./clusters.ts";
import type { ComponentSpec } from "./components/component-file.ts";
import { bootstrapOrder } from "./components/order.ts";
import type { Ordered } from "./components/order.ts";
import { isApproved } from "./operations/now-known.ts";
import type { PlanContent } from "./plans/plan.ts";
import { notFound } from "./refusals.ts";

interface PlanAsked {
  readonly by: Actor;
  readonly person: string;
  readonly as?: string | undefined;
  readonly component: string;
}

/** `unchanged`: everything is as it is declared. `refused`: the policy has a word against it. */
export interface PlanToBringUp {
  readonly id: string;
  readonly hash: string;
  readonly refused: boolean;
  readonly unchanged: boolean;
}

export interface BootstrapOptions {
  readonly store: ClusterStore;
  readonly runner: Pick<OperationRunner, "bootstrap">;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly plan: (p: PlanAsked) => Promise<Result<PlanRecord>>;
}

export class Bootstrap {
  readonly #options: BootstrapOptions;

  constructor(options: BootstrapOptions) {
    this.#options = options;
  }

  /** Components in the order in which they come up. */
  async order(wanted: readonly string[] | undefined): Promise<Result<readonly Ordered[]>> {
    const all = await this.#options.store.listComponents();
    const ordered = all.map(({ name, spec }) => ({ name, dependsOn: (decodeValue(spec) as ComponentSpec).dependsOn }));
    return bootstrapOrder(ordered, wanted);
  }

  /** Makes a plan, and says whether there is anything to do. */
  async planToBringUp(p: PlanAsked): Promise<Result<PlanToBringUp>> {
    const made = await this.#options.plan(p);
    if (!made.ok) return made;
    const { changes, prune, violations } = decodeValue(made.value.content) as PlanContent;
    const still = prune.length === 0 && changes.every(({ action }) => action === "unchanged");
    const record = await this.#options.store.getComponent({ name: p.component });
    // What was never applied is not the component's yet, even where it looks as declared.
    const unchanged = still && record?.applied !== undefined;
    return ok({ id: made.value.id, hash: made.value.hash, refused: violations.length > 0, unchanged });
  }

  async isApproved(plan: string): Promise<Result<boolean>> {
    return isApproved(plan, this.#options);
  }

  async operationStatus(operation: string): Promise<Result<OperationRecord["status"]>> {
    const record = await this.#options.store.getOperation({ operation });
    return record === undefined ? fail(notFound("operation", operation)) : ok(record.status);
  }

  /** Brings components up, with all that they stand on, as a run; its id. */
  async begin(p: {
    readonly by: Actor;
    readonly person: string;
    readonly as?: string | undefined;
    readonly components: readonly string[] | undefined;
  }): Promise<Result<string>> {
    const order = await this.order(p.components);
    if (!order.ok) return order;
    return this.#options.runner.bootstrap({ ...p, run: this.#options.ids.run() });
  }
}
