// The rows in SQLite and those in memory lead to the same decisions.
import { expect, test } from "bun:test";
import { gateId, queueGate, ruleId, type FlowRule } from "../../../kernel/flow.ts";
import { SimulatedRandom } from "../../../testing/simulated-random.ts";
import { Flow, type Standing } from "../../flow/flow.ts";
import { MemoryFlowRows } from "../../memory/flow/flow-rows.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";
import { FlowTables } from "./flow-tables.ts";

const bench = withBench();

const rule = (kind: FlowRule["kind"], path: string, more: Partial<FlowRule>): FlowRule => {
  return { id: ruleId("w", kind, path), workflow: "w", kind, path, max: 1, countWaiting: false, ...more };
};

test("they agree on who is next, who is held back by what, and when a gate opens", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = new SimulatedRandom(seed);
    const sides = [new FlowTables(bench.on.db), new MemoryFlowRows()].map((rows) => ({ rows, flow: new Flow(rows) }));
    const both = <T>(ask: (side: (typeof sides)[number]) => T): T => {
      const [one, other] = sides.map((side) => ask(side));
      expect(one).toEqual(other as T & {});
      return one as T;
    };
    const rules = (): readonly FlowRule[] => [
      rule("concurrency", "", { max: random.int(1, 4), countWaiting: random.int(0, 1) === 0 }),
      rule("fairness", "input.k", { max: random.int(1, 3) }),
      rule("throttle", "", { max: random.int(1, 5), perMs: 50, burst: random.int(1, 3) }),
    ];
    const first = rules();
    both(({ rows }) => rows.putRules("w", first));
    both(({ rows }) => rows.putQueue("w", "q"));
    const runs = new Map<string, Standing>();
    const set = (id: string, more: Partial<Standing>, now: number): void => {
      const run = { id, begun: false, final: false, active: false, inLine: false, ...runs.get(id), ...more };
      runs.set(id, run);
      both(({ flow }) => flow.settle(run, now));
    };
    for (let now = 0; now < 150; now++) {
      const alive = [...runs.values()].filter((run) => !run.final);
      const run = alive[random.int(0, Math.max(0, alive.length - 1))];
      const what = random.int(0, 9);
      if (what < 4 || run === undefined) {
        const share = gateId(ruleId("w", "fairness", "input.k"), `${random.int(0, 3)}`);
        const gates = [queueGate("q"), gateId(ruleId("w", "concurrency")), share, gateId(ruleId("w", "throttle"))];
        const rank = random.int(0, 20);
        const id = `s${seed}-${now}`;
        both(({ rows }) => rows.putPlace({ run: id, gates, share, rank, line: null, held: [], single: null }));
        set(id, { inLine: both(({ flow }) => flow.enter({ id, begun: false }, now)) }, now);
      } else if (what === 4) set(run.id, { active: false }, now);
      else if (what === 5) set(run.id, { final: true, active: false, inLine: false }, now);
      else if (what === 6) {
        const changed = rules();
        for (const id of both(({ rows }) => rows.putRules("w", changed).toSorted()))
          both(({ flow }) => flow.ruleChanged(id));
      } else if (what === 7) {
        const paused = random.int(0, 2) === 0;
        both(({ rows }) => rows.setPaused("q", paused));
        if (!paused) both(({ flow }) => flow.queueResumed("q"));
      } else {
        both(({ flow }) => flow.fire(now, 10));
        both(({ flow }) => flow.beginTurns());
        for (let i = 0; i < 4; i++) {
          const next = both(({ flow }) => flow.next(undefined, now));
          if (next === undefined || next === "plain") break;
          set(next.run, { begun: true, active: true, inLine: false }, now);
        }
      }
      both(({ flow }) => [flow.active, flow.takeOpened(), flow.takeDue(), flow.nextOpening()]);
      both(({ rows }) => rows.queues());
      for (const each of runs.keys()) both(({ flow }) => flow.blockedBy(each));
    }
    for (const id of runs.keys()) set(id, { final: true, active: false, inLine: false }, 1_000);
    for (const id of runs.keys()) both(({ rows }) => rows.deletePlace(id));
    both(({ rows }) => rows.putRules("w", []));
    sides[0]?.rows.putQueue("w", undefined);
    bench.on.db.run("DELETE FROM flow_queues");
    bench.on.db.run("DELETE FROM flow_gates");
  }
});

test("what was remembered of rules is forgotten with a rollback", () => {
  const rows = new FlowTables(bench.on.db);
  const { id } = rule("concurrency", "", {});
  expect(rows.rule(id)).toBeUndefined();
  bench.on.db.run(`INSERT INTO flow_rules VALUES ('${id}', 'w', 'concurrency', '', 3, NULL, NULL, 0)`);
  expect(rows.rule(id)).toBeUndefined();
  rows.reset();
  expect(rows.rule(id)).toEqual(rule("concurrency", "", { max: 3 }));
});
