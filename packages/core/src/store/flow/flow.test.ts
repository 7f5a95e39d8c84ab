// What lines and turns cost, and that their books are right after whatever happens.
import { expect, test } from "bun:test";
import { gateId, ruleId, type FlowRule } from "../../kernel/flow.ts";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { MemoryFlowRows } from "../memory/flow/flow-rows.ts";
import type { FlowRows } from "./flow-rows.ts";
import { Flow, type Standing } from "./flow.ts";

const rule = (kind: FlowRule["kind"], path: string, more: Partial<FlowRule>): FlowRule => {
  return { id: ruleId("w", kind, path), workflow: "w", kind, path, max: 1, countWaiting: false, ...more };
};

/** Counts what is asked of the rows. */
function counting(rows: MemoryFlowRows): { readonly rows: FlowRows; readonly count: () => number } {
  let asked = 0;
  const counted = new Proxy(rows, {
    get: (target, name) => {
      const found: unknown = Reflect.get(target, name, target);
      if (typeof found !== "function") return found;
      return (...given: unknown[]): unknown => {
        asked++;
        return (found as (...values: unknown[]) => unknown).apply(target, given);
      };
    },
  });
  return { rows: counted, count: () => asked };
}

function standing(id: string, more: Partial<Standing> = {}): Standing {
  return { id, begun: false, final: false, active: false, inLine: false, ...more };
}

test("a claim looks at no more rows with very many keys and runs than with few", () => {
  const cost = (keys: number, each: number): number => {
    const memory = new MemoryFlowRows();
    memory.putRules("w", [rule("fairness", "input.k", { max: 2 }), rule("concurrency", "", { max: 5 })]);
    const { rows, count } = counting(memory);
    const flow = new Flow(rows);
    for (let key = 0; key < keys; key++) {
      const gates = [gateId(ruleId("w", "concurrency")), gateId(ruleId("w", "fairness", "input.k"), `${key}`)];
      for (let n = 0; n < each; n++) {
        const run = `${key}-${n}`;
        rows.putPlace({ run, gates, share: gates[1] ?? "", rank: n, line: null, held: [], single: null });
        flow.enter({ id: run, begun: false }, 0);
      }
    }
    const before = count();
    const going: string[] = [];
    for (let i = 0; i < 40; i++) {
      flow.beginTurns();
      for (let next = flow.next(undefined, 0); next !== undefined && next !== "plain"; next = flow.next(undefined, 0)) {
        going.push(next.run);
        flow.settle(standing(next.run, { begun: true, active: true }), 0);
      }
      const ended = going.shift() ?? "";
      flow.settle(standing(ended, { begun: true, final: true }), 0);
    }
    return count() - before;
  };
  const few = cost(10, 10);
  expect(cost(100, 50)).toBeLessThan(few * 1.5);
});

test("the books are right after any number of entries, claims, waits and ends", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = new SimulatedRandom(seed);
    const pick = (n: number): number => random.int(0, n - 1);
    const rows = new MemoryFlowRows();
    const limits = { all: 1 + pick(4), key: 1 + pick(2), fair: 1 + pick(3) };
    rows.putRules("w", [
      rule("concurrency", "", { max: limits.all }),
      rule("concurrency", "input.k", { max: limits.key, countWaiting: pick(2) === 0 }),
      rule("fairness", "input.f", { max: limits.fair }),
    ]);
    const flow = new Flow(rows);
    const runs = new Map<string, Standing & { readonly key: number }>();
    const set = (id: string, more: Partial<Standing>): void => {
      const run = { ...(runs.get(id) ?? { ...standing(id), key: 0 }), ...more };
      runs.set(id, run);
      flow.settle(run, 0);
    };
    const enter = (id: string): void => {
      const inLine = flow.enter({ id, begun: runs.get(id)?.begun ?? false }, 0);
      set(id, { inLine, active: false });
    };
    for (let step = 0; step < 300; step++) {
      const all = [...runs.values()].filter((run) => !run.final);
      const run = all[pick(Math.max(1, all.length))];
      const what = pick(6);
      if (what < 2 || run === undefined) {
        const [id, key] = [`r${step}`, pick(4)];
        const gates = [
          gateId(ruleId("w", "concurrency")),
          gateId(ruleId("w", "concurrency", "input.k"), `${key}`),
          gateId(ruleId("w", "fairness", "input.f"), `${key % 2}`),
        ];
        rows.putPlace({ run: id, gates, share: gates[2] ?? "", rank: pick(100), line: null, held: [], single: null });
        runs.set(id, { ...standing(id), key });
        enter(id);
      } else if (what === 2 && run.active) set(run.id, { active: false });
      else if (what === 3 && !run.active && !run.inLine && run.begun) {
        if (flow.mayGoOn(run.id, 0)) set(run.id, { active: true });
        else enter(run.id);
      } else if (what === 4) set(run.id, { final: true, inLine: false, active: false });
      else {
        flow.beginTurns();
        for (let next = flow.next(undefined, 0); next !== undefined && next !== "plain"; next = flow.next(undefined, 0))
          set(next.run, { begun: true, active: true, inLine: false });
        // Nobody is left who could go on: each line has a gate that is full.
        for (const waiting of [...runs.values()].filter((each) => each.inLine)) {
          const gate = flow.blockedBy(waiting.id);
          expect(gate).toBeDefined();
          expect(rows.gate(gate ?? "")?.used).toBeGreaterThan(0);
        }
      }
      const active = [...runs.values()].filter((each) => each.active && !each.final);
      expect(active.length).toBeLessThanOrEqual(limits.all);
      for (let key = 0; key < 4; key++) {
        expect(active.filter((each) => each.key === key).length).toBeLessThanOrEqual(limits.key);
      }
    }
    for (const run of runs.values()) set(run.id, { final: true, inLine: false, active: false });
    expect(rows.openLines()).toBe(0);
    expect(rows.firstShare()).toBeUndefined();
    expect(rows.gate(gateId(ruleId("w", "concurrency")))).toBeUndefined();
  }
});
