// Deliberate defects of a store or a worker, one at a time: what the simulation has to notice to be worth anything.
import { encodeValue } from "@sluice/protocol";
import type { RunEvent } from "@sluice/protocol";
import type { RunRecord, RunStore, StoreOp } from "../../kernel/run-store.ts";
import type { SimulationOptions } from "./simulation.suite.ts";

export interface Mutant {
  /** What it does wrong. */
  readonly does: string;
  /** Made anew for every seed. */
  readonly make: () => NonNullable<SimulationOptions["mutant"]>;
}

type Verbs = {
  readonly [V in keyof RunStore]?: (p: Parameters<RunStore[V]>[0], store: RunStore) => ReturnType<RunStore[V]>;
};

/** A store with some verbs replaced. */
function withVerbs(store: RunStore, verbs: Verbs): RunStore {
  const replaced = verbs as Readonly<Record<string, ((p: unknown, store: RunStore) => Promise<unknown>) | undefined>>;
  const plain = store as unknown as Readonly<Record<string, (p: unknown) => Promise<unknown>>>;
  return new Proxy(store, {
    get: (_, verb) => {
      const name = verb as string;
      return (p: unknown) => replaced[name]?.(p, store) ?? plain[name]?.call(store, p);
    },
  });
}

function storeMutant(does: string, verbs: () => Verbs): Mutant {
  return {
    does,
    make: () => {
      const replaced = verbs();
      return { store: (store) => withVerbs(store, replaced) };
    },
  };
}

/** A store that changes operations before it writes them. */
function opMutant(does: string, change: (op: StoreOp, count: number) => StoreOp): Mutant {
  return storeMutant(does, () => {
    let count = 0;
    return { append: (p, store) => store.append({ ...p, ops: p.ops.map((op) => change(op, ++count)) }) };
  });
}

const nothingHappened = { deliveries: [], finished: [], ready: 0, touched: [] } as const;

/** Defects that break one promise each, to be noticed as exactly that. */
export const brokenPromises = {
  lostRun: storeMutant("loses a run that has ended and been acknowledged", () => {
    let ends = 0;
    return {
      append: async (p, store) => {
        const outcome = await store.append(p);
        const ended = outcome.outcome === "ok" && outcome.effects.finished.some(({ run }) => run === p.run);
        if (ended && ++ends % 2 === 0)
          await store.deleteRuns({ by: { kind: "system", id: "mutant" }, runs: [p.run], now: p.now });
        return outcome;
      },
    };
  }),
  stepAgain: storeMutant("hands a run out without what settled last", () => ({
    claimRuns: async (p, store) => {
      const claimed = await store.claimRuns(p);
      return claimed.map((each) => ({ ...each, journal: withoutLast(each.journal) }));
    },
  })),
  endAgain: storeMutant("ends a run twice", () => ({
    append: async (p, store) => {
      const outcome = await store.append(p);
      if (outcome.outcome !== "ok") return outcome;
      const { finished } = outcome.effects;
      return { ...outcome, effects: { ...outcome.effects, finished: [...finished, ...finished] } };
    },
  })),
  breakerOpen: storeMutant("lets attempts in while their breaker is open", () => ({
    enterBreaker: async (p, store) => {
      const answer = await store.enterBreaker(p);
      return answer.outcome === "in" ? answer : { outcome: "in", round: 0 };
    },
  })),
  breakerDeaf: opMutant("does not tell breakers of every second failure", (op, count) => {
    if ((op.op !== "done" && op.op !== "retry") || op.breaker?.outcome !== "failed" || count % 2 === 0) return op;
    const { breaker: _told, ...rest } = op;
    return rest;
  }),
  queueGoesOn: storeMutant("does not pause queues", () => ({
    setQueuePaused: (p, store) => store.setQueuePaused({ ...p, paused: false }),
  })),
  joinedLost: storeMutant("keeps another input of every second start", () => {
    let starts = 0;
    return {
      createRun: (p, store) => {
        const { batch, debounce } = p.run.flow?.admission ?? {};
        const kept = (batch === undefined && debounce === undefined) || ++starts % 2 === 0;
        return store.createRun(kept ? p : { ...p, run: { ...p.run, input: encodeValue("another") } });
      },
    };
  }),
  eventOverlooked: storeMutant("does not show triggers every second event", () => ({
    listEvents: async (p, store) => {
      const events = await store.listEvents(p);
      return p.after === undefined ? events : events.filter(({ id }) => id % 2 === 0);
    },
  })),
  timerLost: opMutant("loses every second timer", (op, count) =>
    op.op === "sleep" && count % 2 === 0 ? { ...op, due: 8e15 } : op,
  ),
  timerAgain: storeMutant("fires timers twice", () => ({
    fireTimers: async (p, store) => {
      const fired = await store.fireTimers(p);
      const { deliveries } = fired.effects;
      return { ...fired, effects: { ...fired.effects, deliveries: [...deliveries, ...deliveries] } };
    },
  })),
  timerEarly: storeMutant("settles timers before they are due", () => ({
    fireTimers: (p, store) => store.fireTimers({ ...p, now: p.now + 5_000 }),
  })),
  eventMissed: opMutant("waits for events with another key", (op) =>
    op.op === "event" ? { ...op, key: op.key === undefined ? "k1" : undefined } : op,
  ),
} as const satisfies Readonly<Record<string, Mutant>>;

export const mutants: readonly Mutant[] = [
  storeMutant("takes writes of incarnations that no longer hold their run", () => ({
    append: async (p, store) => {
      const outcome = await store.append(p);
      if (outcome.outcome !== "stale") return outcome;
      const run = await store.getRun({ run: p.run });
      return run === undefined ? outcome : store.append({ ...p, epoch: run.epoch });
    },
  })),
  storeMutant("hands runs out without the places of what a retry has done again", () => ({
    claimRuns: async (p, store) => {
      const claimed = await store.claimRuns(p);
      return claimed.map((each) => ({
        ...each,
        journal: each.journal.map((entry) => ({ ...entry, place: undefined })),
      }));
    },
  })),
  storeMutant("acknowledges a start before it is written, and loses it", () => {
    let starts = 0;
    return {
      createRun: async (p, store) => {
        if (++starts % 3 !== 0) return store.createRun(p);
        const lost = {
          status: "queued",
          epoch: 0,
          ord: 0,
          attempt: 1,
          generation: 0,
          crashes: 0,
          blocked: false,
          by: p.by,
        } as const;
        return { outcome: "created", run: { ...p.run, ...lost } satisfies RunRecord, effects: nothingHappened };
      },
    };
  }),
  storeMutant("acknowledges an event before it is written, and loses it", () => {
    let events = 0;
    return {
      emitEvent: async (p, store) =>
        ++events % 4 === 0
          ? { event: 1_000_000 + events, duplicate: false, effects: nothingHappened }
          : store.emitEvent(p),
    };
  }),
  storeMutant("settles timers and tells nobody", () => {
    let fires = 0;
    return {
      fireTimers: async (p, store) => {
        const fired = await store.fireTimers(p);
        return ++fires % 2 === 0 ? { ...fired, effects: nothingHappened } : fired;
      },
    };
  }),
  opMutant("adds to a counter twice", (op) =>
    op.op === "state" && op.verb === "incr" ? { ...op, amount: 2 * (op.amount ?? 1) } : op,
  ),
  opMutant("gives a lock to two holders", (op, count) =>
    op.op === "lock" || op.op === "unlock" ? { ...op, name: `${op.name}${count % 2}` } : op,
  ),
  opMutant("forgets which steps have to be undone", (op) =>
    op.op === "started" || op.op === "done" ? { ...op, undo: false } : op,
  ),
  opMutant("forgets that an attempt failed", (op) => (op.op === "retry" ? { ...op, attempt: 0 } : op)),
  storeMutant("hands journals out in another order than that of commits", () => ({
    claimRuns: async (p, store) => {
      const claimed = await store.claimRuns(p);
      return claimed.map((each) => ({ ...each, journal: swapped(each.journal) }));
    },
  })),
  storeMutant("hands a run out without the end of its journal", () => ({
    claimRuns: async (p, store) => {
      const claimed = await store.claimRuns(p);
      return claimed.map((each) => ({ ...each, journal: each.journal.slice(0, Math.max(0, each.journal.length - 1)) }));
    },
  })),
  storeMutant("answers with the value of another entry", () => ({
    append: async (p, store) => {
      const outcome = await store.append(p);
      return outcome.outcome === "ok" ? { ...outcome, events: outcome.events.map(withoutValue) } : outcome;
    },
  })),
  storeMutant("ends a run without telling who waits for it", () => ({
    append: async (p, store) => {
      const outcome = await store.append(p);
      if (outcome.outcome !== "ok" || outcome.effects.finished.length === 0) return outcome;
      return { ...outcome, effects: { ...outcome.effects, deliveries: [], ready: 0 } };
    },
  })),
  storeMutant("creates a second run for the same key", () => {
    let starts = 0;
    return {
      createRun: (p, store) =>
        store.createRun(p.run.key === undefined ? p : { ...p, run: { ...p.run, key: `${p.run.key} ${++starts}` } }),
    };
  }),
  storeMutant("makes two runs for one time of a schedule", () => ({
    fireSchedule: (p, store) =>
      store.fireSchedule({
        ...p,
        runs: p.runs.flatMap((run) => [run, { ...run, id: `${run.id}x` }]),
        overlap: "allow",
      }),
  })),
  {
    does: "gives two settlements to a workflow in one turn",
    make: () => ({ worker: { turn: (callback) => queueMicrotask(callback) } }),
  },
  {
    does: "delivers messages to a worker in another order",
    make: () => ({ worker: { alter: (messages) => messages.toReversed() } }),
  },
];

function swapped<T extends { readonly ord: number }>(journal: readonly T[]): readonly T[] {
  const settled = journal.filter((entry) => entry.ord > 0);
  return [...settled.toReversed(), ...journal.filter((entry) => entry.ord === 0)];
}

function withoutLast<T extends { readonly ord: number }>(journal: readonly T[]): readonly T[] {
  const last = Math.max(0, ...journal.map((entry) => entry.ord));
  return journal.filter((entry) => entry.ord === 0 || entry.ord !== last);
}

function withoutValue(event: RunEvent): RunEvent {
  return event.event === "settle" && event.value !== undefined
    ? { ...event, value: encodeValue("something else") }
    : event;
}
