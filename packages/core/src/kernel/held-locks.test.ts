import { describe, expect, test } from "bun:test";
import { beforeHeldLocks, heldLocks } from "./held-locks.ts";
import type { LockEntry } from "./held-locks.ts";

/** `+a` takes lock a, `-a` gives it back; each entry settles one after the other. */
function journal(...calls: string[]): LockEntry[] {
  return calls.map((call, index) => ({
    seq: index,
    ord: index + 1,
    kind: call.startsWith("+") ? "lock" : "unlock",
    name: call.slice(1),
  }));
}

const seqs = (entries: readonly LockEntry[]): number[] => entries.map((entry) => entry.seq);

describe("locks a journal holds", () => {
  test("are those taken and not given back", () => {
    expect(seqs(heldLocks(journal()))).toEqual([]);
    expect(seqs(heldLocks(journal("+a", "-a", "+b")))).toEqual([2]);
    expect(seqs(heldLocks(journal("+a", "+b", "-a", "+a")))).toEqual([3, 1]);
  });

  test("end a copy before the first of them", () => {
    const all = Number.POSITIVE_INFINITY;
    expect(beforeHeldLocks(journal("+a", "-a"), all)).toBe(all);
    expect(beforeHeldLocks(journal("+a", "-a", "+b"), all)).toBe(3);
    expect(beforeHeldLocks(journal("+a", "-a"), 2)).toBe(1);
    expect(beforeHeldLocks(journal("+a", "+b", "-a"), all)).toBe(1);
  });
});
