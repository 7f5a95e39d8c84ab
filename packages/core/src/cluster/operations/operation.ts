// What an operation does, step by step. Each step can be done again after a crash at any point of it: it looks first, and what was done
// is not done twice. Before each the coordinator is asked whether the operation still has its component.
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { Clock } from "../../kernel/clock.ts";
import type { ClusterStore, ComponentRecord, OperationRecord, PlanRecord } from "../../kernel/cluster-store.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Resources } from "../client/resources.ts";
import { componentHealth, objectHealth, readinessOf, unreadHealth } from "../health/health.ts";
import type { HealthRules, ObjectHealth } from "../health/health.ts";
import type { ComponentSpec } from "../components/component-file.ts";
import type { ClusterLimits } from "../limits.ts";
import { keyOf, refOf } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import type { Sha256 } from "../ports.ts";
import { eachOf } from "../plans/each-of.ts";
import type { Intent, InventoryEntry, PlanContent } from "../plans/plan.ts";
import { managerOf } from "../plans/planner.ts";
import { withSecrets } from "../plans/secret-values.ts";
import type { SecretValues } from "../plans/secret-values.ts";
import { waveOf } from "../plans/waves.ts";
import { fenceCreates } from "./fence.ts";
import { changesNowKnown, isApproved, planNowKnown } from "./now-known.ts";
import { bareObject, epochOf, removeObject, takeOver, writeObject } from "./write-object.ts";
import type { Expected, Written, Writing } from "./write-object.ts";

export interface OperationsOptions {
  readonly store: ClusterStore;
  /** The cluster by its name, having made sure that it is the one it was. */
  readonly open: (cluster: string, as?: string) => Promise<Result<Resources>>;
  /** Values of a plan's secrets. */
  readonly secrets: (plan: string) => Promise<SecretValues | undefined>;
  readonly rules: HealthRules;
  readonly sha256: Sha256;
  readonly clock: Clock;
  readonly limits: ClusterLimits;
}

/** What an operation consists of. */
export interface OperationShape {
  readonly component: string;
  readonly waves: readonly number[];
  /** Waves of which nobody could know beforehand what they do, where somebody has to approve that. */
  readonly unknown: readonly number[];
  readonly prune: number;
}

/** How many objects came to what. */
export type Tally = Readonly<Record<string, number>>;

/** Everything a step needs to know. */
export interface Held {
  readonly plan: PlanRecord;
  readonly operation: OperationRecord;
  readonly component: ComponentRecord;
  readonly content: PlanContent;
  readonly intent: Intent;
  readonly secrets: SecretValues | undefined;
  readonly writing: Writing;
}

export class Operations {
  readonly #options: OperationsOptions;

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  /** What is to be done, while the operation has its component. */
  async shape(operation: string): Promise<Result<OperationShape>> {
    const held = await this.#hold(operation);
    if (!held.ok) return held;
    const { intent, content, component, plan } = held.value;
    const waves = [...new Set(intent.objects.map(waveOf))].toSorted((a, b) => a - b);
    const open = plan.approval === "none" ? [] : content.changes.filter(({ action }) => action === "unknown");
    const unknown = [...new Set(open.map(({ wave }) => wave))].toSorted((a, b) => a - b);
    return ok({ component: component.name, waves, unknown, prune: content.prune.length });
  }

  /** Makes the plan of what was unknown of a wave, which somebody has to approve; its id. */
  async nowKnown(operation: string, wave: number, signal?: AbortSignal): Promise<Result<string>> {
    const held = await this.#hold(operation, signal);
    return held.ok ? planNowKnown(held.value, wave, this.#options) : held;
  }

  /** Whether somebody has approved it. Fails when nobody did in time. */
  async isApproved(operation: string, plan: string): Promise<Result<boolean>> {
    const held = await this.#hold(operation);
    return held.ok ? isApproved(plan, this.#options) : held;
  }

  /**
   * Marks everything that is there with the operation's epoch: what one before still tries is refused by the cluster from here on, creates
   * included where the cluster has admission policies.
   */
  async takeOver(operation: string, signal?: AbortSignal): Promise<Result<Tally>> {
    const held = await this.#hold(operation, signal);
    if (!held.ok) return held;
    const { intent, component, writing } = held.value;
    const own = await this.#options.open(component.cluster);
    if (!own.ok) return own;
    const { manager, epoch } = writing;
    const creates = await fenceCreates({ resources: own.value, manager, epoch, signal });
    if (!creates.ok) return creates;
    const all = new Map<string, KubeObject>();
    for (const entry of inventoryOf(component)) all.set(keyOf(entry), bareObject(entry));
    for (const object of intent.objects) all.set(keyOf(refOf(object)), object);
    const taken = await this.#each([...all.values()], (object) => takeOver(object, writing));
    return taken.ok ? ok({ [creates.value]: 1 }) : taken;
  }

  /** Writes the objects of one wave. */
  async applyWave(operation: string, wave: number, signal?: AbortSignal): Promise<Result<Tally>> {
    const held = await this.#hold(operation, signal);
    if (!held.ok) return held;
    const { intent, content, secrets, writing } = held.value;
    const known = await changesNowKnown(held.value, wave, this.#options);
    const expected = new Map([...content.changes, ...known].map((change) => [change.key, change]));
    const objects = intent.objects.filter((object) => waveOf(object) === wave);
    // What was not there when the plan was made has no digest either.
    const nothing: Expected = { uid: undefined, digest: undefined };
    const written = await this.#each(objects, (object) =>
      writeObject(withSecrets(object, secrets), expected.get(keyOf(refOf(object))) ?? nothing, writing),
    );
    if (!written.ok) return written;
    const noted = await this.#noteWritten(held.value, objects, written.value);
    return noted.ok ? ok(tally(written.value.map(({ outcome }) => outcome))) : noted;
  }

  /** Waits until a wave is as it should be. Fails at once when something of it has failed. */
  async waitForWave(operation: string, wave: number, signal?: AbortSignal): Promise<Result<null>> {
    const { clock, limits } = this.#options;
    const began = clock.now();
    for (;;) {
      const held = await this.#hold(operation, signal);
      if (!held.ok) return held;
      const { intent, writing } = held.value;
      const objects = intent.objects.filter((object) => waveOf(object) === wave);
      const ready = readinessOf(await this.#look(objects, writing.resources));
      if (ready.kind === "ready") return ok(null);
      const late = clock.now() - began >= intent.waitMs;
      if (ready.kind === "failed" || late) {
        const why = late ? `It took longer than ${intent.waitMs} ms. ${ready.reason}` : ready.reason;
        return fail({
          code: "not_ready",
          message: why,
          hint: "Look at the component's health; the change is taken back.",
        });
      }
      if (!(await writing.resources.client.pause(limits.healthPollMs, signal))) {
        return fail({ code: "not_ready", message: ready.reason });
      }
    }
  }

  /** Removes what is no longer declared. */
  async prune(operation: string, signal?: AbortSignal): Promise<Result<Tally>> {
    const held = await this.#hold(operation, signal);
    if (!held.ok) return held;
    const { content, writing, component } = held.value;
    const removed = await this.#each(content.prune, (entry) => removeObject(bareObject(entry), entry, writing));
    if (!removed.ok) return removed;
    const gone = new Set(content.prune.map(({ key }) => key));
    const left = inventoryOf(component).filter((entry) => !gone.has(keyOf(entry)));
    const noted = await this.#note(operation, left);
    return noted.ok ? ok(tally(removed.value)) : noted;
  }

  /** Looks at everything once more, from the cluster: each object is there, works, and is still this operation's. */
  async verify(operation: string, signal?: AbortSignal): Promise<Result<null>> {
    const held = await this.#hold(operation, signal);
    if (!held.ok) return held;
    const { intent, writing, component, operation: record } = held.value;
    for (const object of intent.objects) {
      const live = await writing.resources.get({ ...object, ...object.metadata });
      if (!live.ok) return live;
      if (live.value === undefined || epochOf(live.value) !== record.epoch) {
        return fail({ code: "not_ready", message: `${keyOf(refOf(object))} is not as this operation left it.` });
      }
    }
    const health = componentHealth(await this.#look(intent.objects, writing.resources), this.#options.clock.now());
    await this.noteHealth(component.name, health);
    const ready = readinessOf(health.objects);
    return ready.kind === "ready" ? ok(null) : fail({ code: "not_ready", message: ready.reason });
  }

  /** The component is what the plan wanted. */
  async finish(operation: string): Promise<Result<null>> {
    const { store, clock } = this.#options;
    const { outcome } = await store.endOperation({ operation, status: "completed", now: clock.now() });
    if (outcome === "ok") return ok(null);
    // Asked again after a crash: it has ended already.
    const record = await store.getOperation({ operation });
    return record?.status === "completed" ? ok(null) : fail(lost(operation));
  }

  /** How often a component is looked at by itself, and what for; undefined where it is not. */
  async driftWatch(component: string): Promise<ComponentSpec["drift"]> {
    const record = await this.#options.store.getComponent({ name: component });
    return record === undefined ? undefined : (decodeValue(record.spec) as ComponentSpec).drift;
  }

  async noteReason(operation: string, reason: string): Promise<void> {
    const { store, clock } = this.#options;
    await store.noteReason({ operation, reason, now: clock.now() });
  }

  /** The operation has ended without what it wanted. */
  async giveUp(operation: string): Promise<void> {
    const { store, clock } = this.#options;
    await store.endOperation({ operation, status: "failed", now: clock.now() });
  }

  /** Takes a wave back: what was there before is applied again as it was declared then; what was made goes. */
  async undoWave(operation: string, wave: number, signal?: AbortSignal): Promise<Result<Tally>> {
    const held = await this.#hold(operation, signal);
    if (!held.ok) return held.error.code === "operation_superseded" ? ok({ superseded: 1 }) : held;
    const { intent, content, component, writing } = held.value;
    const before = await this.#before(component);
    if (!before.ok) return before;
    const planned = new Map(content.changes.map((change) => [change.key, change]));
    const objects = intent.objects.filter((object) => waveOf(object) === wave).toReversed();
    const undone = await this.#each(objects, async (object): Promise<Result<string>> => {
      const key = keyOf(refOf(object));
      const earlier = before.value.objects.get(key);
      if (earlier !== undefined) {
        const again = await writeObject(
          withSecrets(earlier, before.value.secrets),
          { uid: undefined, digest: undefined, taken: true },
          writing,
        );
        return again.ok ? ok("restored") : again;
      }
      // What was there before anybody declared it stays as it is now: nobody knows how it was meant.
      if (planned.get(key)?.uid !== undefined) return ok("left");
      return this.#removeMade(object, writing);
    });
    return undone.ok ? ok(tally(undone.value)) : undone;
  }

  /** Makes what was pruned again, as it was declared. */
  async undoPrune(operation: string, signal?: AbortSignal): Promise<Result<Tally>> {
    const held = await this.#hold(operation, signal);
    if (!held.ok) return held.error.code === "operation_superseded" ? ok({ superseded: 1 }) : held;
    const { content, component, writing } = held.value;
    const before = await this.#before(component);
    if (!before.ok) return before;
    const earlier = content.prune.flatMap(({ key }) => before.value.objects.get(key) ?? []);
    const made = await this.#each(earlier, (object) =>
      writeObject(
        withSecrets(object, before.value.secrets),
        { uid: undefined, digest: undefined, taken: true },
        writing,
      ),
    );
    if (!made.ok) return made;
    const noted = await this.#noteWritten(held.value, earlier, made.value);
    return noted.ok ? ok(tally(made.value.map(({ outcome }) => outcome))) : noted;
  }

  async #removeMade(object: KubeObject, writing: Writing): Promise<Result<string>> {
    const live = await writing.resources.get({ ...object, ...object.metadata });
    if (!live.ok) return live.error.code === "unknown_kind" ? ok("gone") : live;
    if (live.value === undefined || epochOf(live.value) !== writing.epoch) return ok("gone");
    return removeObject(object, { uid: live.value.metadata.uid, digest: undefined, anyContent: true }, writing);
  }

  /** Health of a component's objects, as the cluster says it now. */
  async health(component: ComponentRecord): Promise<Result<ReturnType<typeof componentHealth>>> {
    const opened = await this.#options.open(component.cluster);
    if (!opened.ok) return opened;
    const objects = inventoryOf(component).map(bareObject);
    return ok(componentHealth(await this.#look(objects, opened.value), this.#options.clock.now()));
  }

  async noteHealth(component: string, health: ReturnType<typeof componentHealth>): Promise<void> {
    const { store, clock, limits } = this.#options;
    const { objects: _objects, ...summary } = health;
    await store.noteHealth({
      component,
      health: encodeValue(summary),
      keepMax: limits.healthHistoryMax,
      now: clock.now(),
    });
  }

  async #look(objects: readonly KubeObject[], resources: Resources): Promise<readonly ObjectHealth[]> {
    const { limits, clock, rules } = this.#options;
    return eachOf(objects, limits.applyConcurrency, async (object) => {
      const live = await resources.get({ ...object, ...object.metadata });
      if (!live.ok) return unreadHealth(refOf(object), live.error.message);
      return objectHealth({ ref: refOf(object), object: live.value, now: clock.now(), rules });
    });
  }

  /** Each of them, some at once; the first failure counts, after all have come to an end. */
  async #each<T, R>(items: readonly T[], run: (item: T) => Promise<Result<R>>): Promise<Result<readonly R[]>> {
    const results = await eachOf(items, this.#options.limits.applyConcurrency, run);
    const failed = results.find((each) => !each.ok);
    return failed?.ok === false ? failed : ok(results.flatMap((each) => (each.ok ? [each.value] : [])));
  }

  async #hold(id: string, signal?: AbortSignal): Promise<Result<Held>> {
    const { store, open, secrets, sha256 } = this.#options;
    const operation = await store.getOperation({ operation: id });
    const component = operation === undefined ? undefined : await store.getComponent({ name: operation.component });
    const plan = operation === undefined ? undefined : await store.getPlan({ plan: operation.plan });
    if (operation === undefined || component === undefined || plan === undefined) {
      return fail({ code: "operation_not_found", message: `There is no operation ${id}.` });
    }
    if (operation.status !== "running" || operation.epoch !== component.epoch) return fail(lost(id));
    const opened = await open(operation.cluster, operation.as);
    if (!opened.ok) return opened;
    const intent = decodeValue(plan.intent) as Intent;
    const writing: Writing = {
      resources: opened.value,
      manager: managerOf(component.name),
      epoch: operation.epoch,
      force: intent.force,
      sha256,
      signal,
    };
    const content = decodeValue(plan.content) as PlanContent;
    return ok({ plan, operation, component, content, intent, secrets: await secrets(plan.id), writing });
  }

  /** What the component was meant to be before: declared objects by key. */
  async #before(
    component: ComponentRecord,
  ): Promise<
    Result<{ readonly objects: ReadonlyMap<string, KubeObject>; readonly secrets: SecretValues | undefined }>
  > {
    if (component.applied === undefined) return ok({ objects: new Map(), secrets: undefined });
    const plan = await this.#options.store.getPlan({ plan: component.applied });
    if (plan === undefined) return fail({ code: "plan_not_found", message: `The plan ${component.applied} is gone.` });
    const { objects } = decodeValue(plan.intent) as Intent;
    return ok({
      objects: new Map(objects.map((object) => [keyOf(refOf(object)), object])),
      secrets: await this.#options.secrets(component.applied),
    });
  }

  async #noteWritten(held: Held, objects: readonly KubeObject[], written: readonly Written[]): Promise<Result<null>> {
    const entries = new Map(inventoryOf(held.component).map((entry) => [keyOf(entry), entry]));
    for (const [index, object] of objects.entries()) {
      const ref = refOf(object);
      entries.set(keyOf(ref), { ...ref, apiVersion: object.apiVersion, uid: written[index]?.uid ?? "" });
    }
    return this.#note(held.operation.id, [...entries.values()]);
  }

  async #note(operation: string, entries: readonly InventoryEntry[]): Promise<Result<null>> {
    const { store, clock } = this.#options;
    const inventory = encodeValue(entries);
    const { outcome } = await store.noteInventory({ operation, inventory, objects: entries.length, now: clock.now() });
    return outcome === "ok" ? ok(null) : fail(lost(operation));
  }
}

export function inventoryOf(component: Pick<ComponentRecord, "inventory">): readonly InventoryEntry[] {
  return decodeValue(component.inventory) as readonly InventoryEntry[];
}

function lost(operation: string): Parameters<typeof fail>[0] {
  return {
    code: "operation_superseded",
    message: `Operation ${operation} has ended, or a later one has its component.`,
    hint: "Look at the component's operations.",
  };
}

function tally(outcomes: readonly string[]): Tally {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
