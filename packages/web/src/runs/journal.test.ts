// Reading a journal on from where it was left.
import { expect, test } from "bun:test";
import { emptyJournal, inCallOrder, readJournal } from "./journal.ts";
import type { StepPage } from "./journal.ts";
import type { Step } from "./words.ts";

const step = (seq: number, order: number | null) => ({ seq, order, name: `s${seq}`, kind: "step" }) as Step;

/** A server with these entries that answers pages of two. */
function serverOf(entries: Step[]) {
  const asked: (string | null)[] = [];
  const read = async (cursor: string | null): Promise<StepPage> => {
    asked.push(cursor);
    const listed = [
      ...entries.filter(({ order }) => order !== null).toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0)),
      ...entries.filter(({ order }) => order === null).toSorted((a, b) => a.seq - b.seq),
    ];
    const isAfter = ({ seq, order }: Step): boolean => {
      if (cursor === null) return true;
      const at = Number(cursor.slice(1));
      return cursor.startsWith("s") ? order === null || order > at : order === null && seq > at;
    };
    const rest = listed.filter(isAfter);
    const page = rest.slice(0, 2);
    const last = page.at(-1);
    const next = last === undefined ? null : last.order === null ? `o${last.seq}` : `s${last.order}`;
    return { steps: page, nextCursor: rest.length > 2 ? next : null };
  };
  return { read, asked };
}

test("reads all of it, page by page, and says how far it is", async () => {
  const { read } = serverOf([step(0, 1), step(1, 3), step(2, 2), step(3, null), step(4, null)]);
  const seen: number[] = [];
  const journal = await readJournal(emptyJournal, read, ({ settled, complete }) => {
    expect(complete).toBe(false);
    seen.push(settled.length);
  });
  expect(journal.settled.map(({ seq }) => seq)).toEqual([0, 2, 1]);
  expect(journal.open.map(({ seq }) => seq)).toEqual([3, 4]);
  expect(journal.complete).toBe(true);
  expect(seen).toEqual([2, 3]);
});

test("reads on from what it knows, and only that", async () => {
  const entries = [step(0, 1), step(1, null)];
  const { read, asked } = serverOf(entries);
  const before = await readJournal(emptyJournal, read);
  entries[1] = step(1, 2);
  entries.push(step(2, null));
  const after = await readJournal(before, read);
  expect(asked).toEqual([null, "s1"]);
  expect(after.settled.map(({ seq }) => seq)).toEqual([0, 1]);
  expect(after.open.map(({ seq }) => seq)).toEqual([2]);
  expect(after.settled[0]).toBe(before.settled[0] as Step);
});

test("what settled between two pages is there once", async () => {
  let asked = 0;
  const journal = await readJournal(emptyJournal, async () => {
    asked++;
    return asked === 1
      ? { steps: [step(0, null)], nextCursor: "o0" }
      : { steps: [step(0, 1), step(1, null)], nextCursor: null };
  });
  expect(journal.settled.map(({ seq }) => seq)).toEqual([0]);
  expect(journal.open.map(({ seq }) => seq)).toEqual([1]);
});

test("call order has undos after what they undo", () => {
  const journal = {
    settled: [step(1, 1), step(0, 2), step(-2, 3), step(-1, 4)],
    open: [step(2, null)],
    complete: true,
  };
  expect(inCallOrder(journal).map(({ seq }) => seq)).toEqual([0, -1, 1, -2, 2]);
});
