// What of a file a fork takes over: what the run did, and nothing that others are said to have answered.
import { expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import type { JournalEntry } from "@sluice/protocol";
import type { ImportedRun } from "../kernel/run-records.ts";
import { MemoryRunStore } from "../store/memory/memory-run-store.ts";
import { checkForkOfHistory } from "./fork-of-history.ts";
import { engineLimits } from "./limits.ts";

const entry = (seq: number, kind: JournalEntry["kind"], more: Partial<JournalEntry> = {}): JournalEntry => ({
  seq,
  kind,
  name: `e${seq}`,
  n: 0,
  status: "completed",
  ord: seq + 1,
  attempt: 1,
  at: 1,
  end: 2,
  value: encodeValue(seq),
  ...more,
});

const history: ImportedRun = {
  id: "run_old",
  workflow: "asks",
  version: "v1",
  status: "completed",
  input: encodeValue(null),
  priority: 0,
  tags: [],
  createdAt: 1,
  dueAt: 1,
  endedAt: 5,
  attempt: 1,
  generation: 0,
};

async function codes(journal: readonly JournalEntry[], ...befores: (number | undefined)[]): Promise<unknown[]> {
  return judged(true, journal, befores);
}

async function judged(
  trusted: boolean,
  journal: readonly JournalEntry[],
  befores: readonly (number | undefined)[],
): Promise<unknown[]> {
  const store = new MemoryRunStore();
  const { outcome } = await store.importRun({
    by: { kind: "user", id: "ada" },
    run: history,
    journal,
    logs: [],
    now: 9,
  });
  expect(outcome).toBe("created");
  // A page for each entry: what it begins with may be read after what stands before it.
  const limits = { ...engineLimits, journalPieceBytesMax: 1 };
  return Promise.all(
    befores.map(async (before) => {
      const checked = await checkForkOfHistory({ store, limits }, { run: history.id, before, trusted });
      return checked.ok ? "ok" : checked.error.code;
    }),
  );
}

test.each(["approval", "callback", "call", "event", "race", "token"] as const)(
  "an answer of kind %s is not taken over",
  async (kind) => {
    const journal = [entry(0, "step"), entry(1, kind), entry(2, "step")];
    expect(await codes(journal, 0, 1, 2, undefined)).toEqual(["ok", "ok", "conflict", "conflict"]);
  },
);

test("the order of results decides, that of a retry included, and what never settled is nobody's answer", async () => {
  const late = [entry(0, "event", { ord: 3 }), entry(1, "step", { ord: 1 }), entry(2, "step", { ord: 4 })];
  expect(await codes(late, 1, 2)).toEqual(["ok", "conflict"]);
  const again = [entry(0, "event", { ord: 9, place: 1 }), entry(1, "step", { ord: 2 })];
  expect(await codes(again, 1)).toEqual(["conflict"]);
  const open = [entry(0, "event", { ord: 0, status: "running" }), entry(1, "step", { ord: 1 })];
  expect(await codes(open, 1, undefined)).toEqual(["ok", "ok"]);
});

test("what steps have found is taken over where somebody answers for it, and nowhere else", async () => {
  const journal = [entry(0, "step"), entry(1, "step"), entry(2, "sleep")];
  expect(await judged(true, journal, [0, 1, 2, undefined])).toEqual(["ok", "ok", "ok", "ok"]);
  expect(await judged(false, journal, [0, 1, 2, undefined])).toEqual(["ok", "conflict", "conflict", "conflict"]);
  expect(await judged(false, [], [undefined])).toEqual(["ok"]);
});
