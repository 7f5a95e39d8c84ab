// Failover plans from their file to the end of a failover, over a world in memory: who may begin what, and what is kept of it.
import { describe, expect, test } from "bun:test";
import { decodeValue } from "@sluice/protocol";
import { systemClock } from "../../kernel/clock.ts";
import { Ids, systemRandom } from "../../kernel/ids.ts";
import { ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { memoryFiles, sha256 } from "../memory-ports.suite.ts";
import { begun, next, settle } from "./machine.ts";
import type { State } from "./machine.ts";
import type { Readiness } from "./readiness.ts";
import { planText } from "./recovery-plan.suite.ts";
import { Recoveries } from "./recoveries.ts";
import { World } from "./world.suite.ts";

const by = { kind: "user", id: "ada" } as const;

function good<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

class Bench {
  readonly world = new World(() => 0.5, true, undefined);
  readonly store = new MemoryRunStore();
  readonly files: Record<string, string> = { "shop.yaml": planText() };
  readonly runs: string[] = [];
  readonly cancelled: string[] = [];
  readonly recoveries = new Recoveries({
    store: this.store.clusters,
    open: async () => ok({ ...this.world.desk("engine"), observers: [] }),
    servers: { session: () => Promise.reject(new Error("no server here")) },
    secret: async () => undefined,
    timeoutMs: 1_000,
    project: memoryFiles(this.files),
    clock: systemClock,
    ids: new Ids(systemClock, systemRandom),
    sha256,
    planTtlMs: 60_000,
    runner: {
      start: async ({ run }) => (this.runs.push(run), ok(null)),
      watch: async ({ recovery }) => (this.runs.push(`watch ${recovery.version}`), ok(null)),
      cancel: async ({ run }) => void this.cancelled.push(run),
    },
  });

  /** Whatever waits for the network gets its turn. */
  async calm<T>(work: Promise<T>): Promise<T> {
    const still = { going: true };
    const over = (): boolean => (still.going = false);
    void work.then(over, over);
    while (still.going) {
      this.world.port();
      this.world.replicate();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return work;
  }

  plan(more: object = {}) {
    const asked = {
      by,
      person: "ada",
      recovery: "shop",
      to: "b",
      mode: "graceful",
      kind: "failover",
      overrides: [],
    } as const;
    return this.calm(this.recoveries.plan({ ...asked, ...more }));
  }

  /** What the run does. */
  async carryOut(id: string, until?: string): Promise<State> {
    const { failovers } = this.recoveries;
    const attempt = good(await failovers.attempt(id));
    let state: State = begun;
    for (;;) {
      const command = next(attempt, state, true);
      if (command.act === "end" || command.act === "pause" || command.act === until) break;
      state = settle(attempt, state, good(await this.calm(failovers.act(id, state, command.act))));
    }
    if (until === undefined) await failovers.end(id, state.ended ?? "failed", state);
    return state;
  }
}

async function shop(): Promise<Bench> {
  const bench = new Bench();
  good(await bench.recoveries.add({ by, file: "shop.yaml" }));
  return bench;
}

describe("a failover", () => {
  test("is planned from what is active, approved by another person by its hash, and begun once", async () => {
    const bench = await shop();
    const { recoveries } = bench;
    const failover = good(await bench.plan());
    expect(failover).toMatchObject({ from: "a", to: "b", before: 1, status: "open", person: "ada" });
    const { id, hash } = failover;
    const codeOf = async (result: Promise<Result<unknown>>) =>
      ((await result) as { readonly error?: { readonly code: string } }).error?.code;
    expect(await codeOf(recoveries.begin({ by, failover: id, hash }))).toBe("plan_not_approved");
    expect(await codeOf(recoveries.approve({ by, person: "ada", failover: id, hash }))).toBe(
      "requester_may_not_decide",
    );
    expect(await codeOf(recoveries.approve({ by, person: "bob", failover: id, hash: "x" }))).toBe("plan_stale");
    good(await recoveries.approve({ by, person: "bob", failover: id, hash }));
    const one = good(await recoveries.begin({ by, failover: id, hash }));
    const again = good(await recoveries.begin({ by, failover: id, hash }));
    expect(again.run).toBe(one.run ?? "");
    await bench.carryOut(id);
    expect(await bench.store.clusters.getFailover({ failover: id })).toMatchObject({ status: "completed" });
    expect(bench.world.claim.active).toEqual({ site: "b", epoch: 2 });
    expect(await codeOf(bench.plan())).toBe("recovery_refused");
    expect(await codeOf(bench.plan({ to: "c" }))).toBe("bad_request");
    expect(await codeOf(bench.plan({ recovery: "none" }))).toBe("recovery_not_found");
    expect(await codeOf(bench.plan({ to: "a", kind: "drill" }))).toBe("bad_request");
  });

  test("whose glass was broken is found by readiness until somebody else has looked at it", async () => {
    const bench = await shop();
    const { recoveries } = bench;
    const { id, hash } = good(await bench.plan());
    good(await recoveries.begin({ by, failover: id, hash, breakGlass: "nobody is awake" }));
    await bench.carryOut(id);
    const found = async () => {
      const { readiness } = good(await bench.calm(recoveries.check({ recovery: "shop", protect: false })));
      return (decodeValue(readiness ?? new Uint8Array()) as Readiness).findings.map(({ rule }) => rule);
    };
    expect(await found()).toContain("break-glass-unreviewed");
    expect(await recoveries.review({ by, person: "ada", failover: id })).toMatchObject({
      ok: false,
      error: { code: "requester_may_not_decide" },
    });
    expect(good(await recoveries.review({ by, person: "bob", failover: id })).reviewedBy).toBe("bob");
    expect(await found()).not.toContain("break-glass-unreviewed");
    expect(await recoveries.review({ by, person: "bob", failover: id })).toMatchObject({
      ok: false,
      error: { code: "already_decided" },
    });
  });

  test("that is cancelled before it has promoted opens the old site again; afterwards it leaves it closed", async () => {
    const bench = await shop();
    for (const [until, open] of [
      ["assess", true],
      ["shift", false],
    ] as const) {
      const { id, hash } = good(await bench.plan());
      good(await bench.recoveries.begin({ by, failover: id, hash, breakGlass: "test" }));
      await bench.carryOut(id, until);
      expect(bench.world.site("a").open).toBe(false);
      good(await bench.calm(bench.recoveries.failovers.takeBack(id)));
      expect(bench.world.site("a").open).toBe(open);
      expect(await bench.store.clusters.getFailover({ failover: id })).toMatchObject({ status: "failed" });
    }
  });

  test("takes the place of one that is under way, which does nothing more", async () => {
    const bench = await shop();
    const [one, other] = [good(await bench.plan()), good(await bench.plan())];
    const first = good(await bench.recoveries.begin({ by, failover: one.id, hash: one.hash, breakGlass: "x" }));
    const state = await bench.carryOut(one.id, "fence");
    good(await bench.recoveries.begin({ by, failover: other.id, hash: other.hash, breakGlass: "x" }));
    expect(bench.cancelled).toEqual([first.run ?? ""]);
    expect(await bench.recoveries.failovers.act(one.id, state, "fence")).toMatchObject({
      ok: false,
      error: { code: "operation_superseded" },
    });
    expect(await bench.carryOut(other.id)).toMatchObject({ ended: "completed", epoch: 3 });
  });
});

test("a plan is looked at anew whenever its file is read", async () => {
  const bench = await shop();
  bench.files["shop.yaml"] = planText({ approval: "self" });
  good(await bench.recoveries.add({ by, file: "shop.yaml" }));
  expect(bench.runs).toEqual(["watch 1", "watch 2"]);
  expect(await bench.recoveries.version("shop")).toBe(2);
  expect(await bench.recoveries.add({ by, file: "none.yaml" })).toMatchObject({
    ok: false,
    error: { code: "invalid_component" },
  });
});
