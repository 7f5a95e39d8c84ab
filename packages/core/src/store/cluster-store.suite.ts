// The one suite of the cluster port: every adapter runs all of it.
import { describe, expect, test } from "bun:test";
import type { ClusterRecord } from "../kernel/cluster-store.ts";
import { outside } from "./audit-log.fixture.suite.ts";
import { start, value, withStore, type MakeStore } from "./run-store.fixture.suite.ts";

const identity = { server: "https://c", ca: "x", uid: "u" };
const main: ClusterRecord = { name: "main", identity, version: "v1.34.4", addedAt: start };

/** Registers the tests of the port for one adapter. */
export function clusterStoreSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: clusters`, () => {
    const desk = withStore(makeStore);
    const clusters = () => desk.store.clusters;
    const putCluster = (cluster: ClusterRecord = main, acceptIdentity = false) =>
      clusters().putCluster({ by: outside, cluster, acceptIdentity, now: start });
    const putComponent = (component: string, cluster = "main") =>
      clusters().putComponent({
        by: outside,
        component: { name: component, cluster, file: `${component}.yaml`, spec: value({}) },
        empty: value([]),
        now: start,
      });
    const ready = async () => {
      await putCluster();
      await putComponent("web");
    };
    const plan = (id: string, approval: "other" | "self" | "none" = "other") =>
      clusters().createPlan({
        by: outside,
        plan: {
          id,
          component: "web",
          cluster: "main",
          kind: "apply",
          hash: `hash of ${id}`,
          person: "ada",
          approval,
          createdAt: start,
          expiresAt: start + 1_000,
          content: value({}),
          intent: value({}),
        },
        now: start,
      });
    const approve = (id: string, person = "bob", now = start, hash = `hash of ${id}`) =>
      clusters().approvePlan({ by: outside, plan: id, hash, person, now });
    const begin = (id: string, operation: string, now = start, as?: string) =>
      clusters().beginOperation({
        by: outside,
        operation,
        run: `run of ${operation}`,
        plan: id,
        hash: `hash of ${id}`,
        as,
        now,
      });

    const failover = (id: string, approval: "other" | "none" = "other") =>
      clusters().createFailover({
        by: outside,
        failover: {
          id,
          recovery: "shop",
          kind: "drill",
          from: "a",
          to: "b",
          mode: "graceful",
          before: 1,
          overrides: ["verify-failed"],
          hash: `hash of ${id}`,
          person: "ada",
          approval,
          createdAt: start,
          expiresAt: start + 1_000,
          spec: value({}),
        },
        now: start,
      });

    test("a failover is approved by another person, begun once, noted while it is under way, and ends once", async () => {
      expect(await failover("f1")).toEqual({ outcome: "not_found" });
      const recovery = { name: "shop", file: "shop.yaml", spec: value({ a: 1 }) };
      await clusters().putRecovery({ by: outside, recovery, now: start });
      expect((await clusters().putRecovery({ by: outside, recovery, now: start })).recovery.version).toBe(2);
      expect(await clusters().noteReadiness({ recovery: "shop", readiness: value([]), now: start })).toEqual({
        outcome: "ok",
      });
      await failover("f1");
      const [hash, now] = ["hash of f1", start];
      const of = (person: string, more: object = {}) =>
        clusters().approveFailover({ by: outside, failover: "f1", hash, person, now, ...more });
      const beginning = (more: object = {}) =>
        clusters().beginFailover({ by: outside, failover: "f1", hash, run: "r1", now, ...more });
      expect(await of("ada")).toEqual({ outcome: "same_person" });
      expect(await of("bob", { hash: "x" })).toEqual({ outcome: "other_hash" });
      expect(await of("bob", { now: start + 2_000 })).toEqual({ outcome: "expired" });
      expect(await beginning()).toEqual({ outcome: "not_approved" });
      expect(await of("bob")).toMatchObject({ outcome: "ok", failover: { approvedBy: "bob" } });
      expect(await of("bob")).toEqual({ outcome: "not_open" });
      expect(await beginning({ now: start + 2_000 })).toEqual({ outcome: "expired" });
      expect(await beginning()).toMatchObject({ outcome: "ok", failover: { status: "running", run: "r1" } });
      expect(await beginning({ run: "r2" })).toMatchObject({ outcome: "existing", failover: { run: "r1" } });
      expect(await clusters().noteFailover({ failover: "f1", state: value({ phase: "fence" }), now })).toEqual({
        outcome: "ok",
      });
      const end = { failover: "f1", status: "completed", measured: value({ lost: 0 }), now } as const;
      expect(await clusters().endFailover(end)).toEqual({ outcome: "ok" });
      expect(await clusters().endFailover(end)).toEqual({ outcome: "stale" });
      expect(await beginning()).toEqual({ outcome: "stale" });
      expect(await clusters().getRecovery({ name: "shop" })).toMatchObject({ failover: "f1", drill: "f1", version: 2 });
      expect((await clusters().listRecoveries()).map(({ name: each }) => each)).toEqual(["shop"]);
    });

    test("a failover without an approval is reviewed by somebody else, and takes the place of one under way", async () => {
      await clusters().putRecovery({ by: outside, recovery: { name: "shop", file: "f", spec: value({}) }, now: start });
      await failover("f1");
      await failover("f2", "none");
      const at = { by: outside, now: start } as const;
      await clusters().beginFailover({ ...at, failover: "f1", hash: "hash of f1", run: "r1", breakGlass: "fire" });
      const second = await clusters().beginFailover({ ...at, failover: "f2", hash: "hash of f2", run: "r2" });
      expect(second).toMatchObject({ outcome: "ok", superseded: { id: "f1" } });
      expect(await clusters().noteFailover({ failover: "f1", state: value({}), now: start })).toEqual({
        outcome: "stale",
      });
      expect(await clusters().getFailover({ failover: "f1" })).toMatchObject({
        status: "superseded",
        breakGlass: "fire",
      });
      expect(await clusters().reviewFailover({ ...at, failover: "f1", person: "ada" })).toEqual({
        outcome: "same_person",
      });
      expect(await clusters().reviewFailover({ ...at, failover: "f1", person: "bob" })).toMatchObject({
        outcome: "ok",
      });
      expect(await clusters().reviewFailover({ ...at, failover: "f1", person: "bob" })).toEqual({
        outcome: "not_open",
      });
      expect(await clusters().reviewFailover({ ...at, failover: "f2", person: "bob" })).toEqual({
        outcome: "not_open",
      });
      const listed = await clusters().listFailovers({ recovery: "shop", limit: 10 });
      expect(listed.map(({ id }) => id)).toEqual(["f2", "f1"]);
    });

    test("an operation remembers in whose name its cluster is asked", async () => {
      await ready();
      for (const id of ["p1", "p2"]) await plan(id, "none");
      await begin("p1", "op1", start, "ada");
      await begin("p2", "op2");
      const as = async (operation: string) => (await clusters().getOperation({ operation }))?.as;
      expect([await as("op1"), await as("op2")]).toEqual(["ada", undefined]);
    });

    test("a cluster is the one it was, unless somebody says that it is another", async () => {
      expect(await putCluster()).toEqual({ outcome: "ok" });
      expect(await putCluster({ ...main, version: "v1.35.0", addedAt: start + 9 })).toEqual({ outcome: "ok" });
      expect(await clusters().getCluster({ name: "main" })).toEqual({ ...main, version: "v1.35.0" });
      const other = { ...main, identity: { ...identity, uid: "other" } };
      expect(await putCluster(other)).toMatchObject({ outcome: "changed", known: { identity } });
      expect(await putCluster(other, true)).toEqual({ outcome: "ok" });
      expect((await clusters().listClusters()).map((each) => each.identity.uid)).toEqual(["other"]);
    });

    test("a component keeps what it has when its file is read anew, and does not move while it has something", async () => {
      expect(await putComponent("web")).toEqual({ outcome: "no_cluster" });
      await ready();
      await putCluster({ ...main, name: "second" });
      await plan("plan_1", "none");
      await begin("plan_1", "op_1");
      expect(await putComponent("web", "second")).toMatchObject({ outcome: "ok", component: { epoch: 1 } });
      await putComponent("web");
      await clusters().noteInventory({ operation: "op_1", inventory: value([1]), objects: 1, now: start });
      expect(await putComponent("web", "second")).toEqual({ outcome: "elsewhere" });
      expect(await putComponent("web")).toMatchObject({ component: { epoch: 1, objects: 1, inventory: value([1]) } });
      await putComponent("api");
      expect((await clusters().listComponents()).map((each) => each.name)).toEqual(["api", "web"]);
    });

    test("a plan is approved by its hash, in time, once, and by somebody else", async () => {
      await ready();
      await plan("plan_1");
      expect(await approve("plan_9")).toEqual({ outcome: "not_found" });
      expect(await approve("plan_1", "bob", start, "other")).toEqual({ outcome: "other_hash" });
      expect(await approve("plan_1", "ada")).toEqual({ outcome: "same_person" });
      expect(await approve("plan_1", "bob", start + 1_000)).toEqual({ outcome: "expired" });
      expect(await begin("plan_1", "op_1")).toEqual({ outcome: "not_approved" });
      expect(await approve("plan_1")).toMatchObject({ outcome: "ok", plan: { status: "approved", approvedBy: "bob" } });
      expect(await approve("plan_1")).toEqual({ outcome: "not_open" });
      await plan("plan_2", "self");
      expect(await approve("plan_2", "ada")).toMatchObject({ outcome: "ok" });
      expect((await clusters().listPlans({ component: "web", limit: 9 })).map((each) => each.id)).toEqual([
        "plan_2",
        "plan_1",
      ]);
    });

    test("an operation begins once for a plan; a later one takes the place of one that runs", async () => {
      await ready();
      await plan("plan_1", "none");
      await plan("plan_2", "none");
      expect(await begin("plan_1", "op_1", start + 1_000)).toEqual({ outcome: "expired" });
      expect(await begin("plan_1", "op_1")).toMatchObject({
        outcome: "ok",
        operation: { epoch: 1, status: "running" },
      });
      expect(await begin("plan_1", "op_x")).toMatchObject({ outcome: "existing", operation: { id: "op_1" } });
      expect(await begin("plan_2", "op_2")).toMatchObject({
        outcome: "ok",
        operation: { epoch: 2 },
        superseded: { id: "op_1" },
      });
      expect(await clusters().getOperation({ operation: "op_1" })).toMatchObject({
        status: "superseded",
        endedAt: start,
      });
      const note = { inventory: value([1]), objects: 1, now: start };
      expect(await clusters().noteInventory({ operation: "op_1", ...note })).toEqual({ outcome: "stale" });
      expect(await clusters().noteReason({ operation: "op_1", reason: "late", now: start })).toEqual({
        outcome: "stale",
      });
      expect(await clusters().endOperation({ operation: "op_1", status: "completed", now: start })).toEqual({
        outcome: "stale",
      });
      expect(await clusters().noteInventory({ operation: "op_2", ...note })).toEqual({ outcome: "ok" });
      expect((await clusters().listOperations({ component: "web", limit: 1 })).map((each) => each.id)).toEqual([
        "op_2",
      ]);
    });

    test("one that completed moves its component on, one that failed keeps its first reason", async () => {
      await ready();
      for (const each of ["1", "2", "3"]) await plan(`plan_${each}`, "none");
      const end = (operation: string, status: "completed" | "failed") =>
        clusters().endOperation({ operation, status, now: start });
      await begin("plan_1", "op_1");
      expect(await end("op_1", "completed")).toEqual({ outcome: "ok" });
      await begin("plan_2", "op_2");
      await end("op_2", "completed");
      await begin("plan_3", "op_3");
      await clusters().noteReason({ operation: "op_3", reason: "first", now: start });
      await clusters().noteReason({ operation: "op_3", reason: "second", now: start });
      expect(await end("op_3", "failed")).toEqual({ outcome: "ok" });
      expect(await clusters().getOperation({ operation: "op_3" })).toMatchObject({ status: "failed", reason: "first" });
      expect(await clusters().getComponent({ name: "web" })).toMatchObject({
        version: 2,
        applied: "plan_2",
        previous: "plan_1",
        operation: "op_3",
        epoch: 3,
      });
    });

    test("health is kept, the last of it for long", async () => {
      await ready();
      for (const at of [1, 2, 3]) {
        await clusters().noteHealth({ component: "web", health: value(at), keepMax: 2, now: start + at });
      }
      expect(await clusters().listHealth({ component: "web", limit: 9 })).toEqual([value(3), value(2)]);
      expect((await clusters().getComponent({ name: "web" }))?.health).toEqual(value(3));
    });

    test("what somebody asked for is in the audit trail", async () => {
      await ready();
      await plan("plan_1");
      await approve("plan_1", "ada");
      const { records } = await desk.store.audit.searchAudit({ filter: { action: "cluster:*" }, limit: 10 });
      expect(records.map(({ action, target, outcome }) => [action, target, outcome])).toEqual([
        ["cluster:approve", "plan:plan_1", "refused"],
        ["cluster:plan", "plan:plan_1", "done"],
        ["cluster:write", "component:web", "done"],
        ["cluster:write", "cluster:main", "done"],
      ]);
    });
  });
}
