import { describe, expect, test } from "bun:test";
import { approvalLinkPrefix } from "@sluice/protocol";
import type { EntryKind } from "@sluice/protocol";
import { beforeLooseEnds, brokenLocks, looseEnds } from "./loose-ends.ts";
import type { LooseEnd } from "./loose-ends.ts";

const kinds: Readonly<Record<string, EntryKind>> = {
  "+": "lock",
  "-": "unlock",
  "?": "token",
  "*": "token",
  "!": "callback",
  "@": "token",
  "%": "approval",
};

/** `+a` takes lock a, `-a` gives it back; `?t` makes a token (`*t` one that is answered), `!t` has waited for it; `@t` and `%t` of an approval. */
function journal(...calls: string[]): LooseEnd[] {
  return calls.map((call, index) => ({
    seq: index,
    ord: index + 1,
    kind: kinds[call[0]!]!,
    name: call.startsWith("@") ? `${approvalLinkPrefix}${call.slice(1)}` : call.slice(1),
    used: call.startsWith("*"),
    approval: call.startsWith("@"),
  }));
}

const loose = (...calls: string[]): number[] => looseEnds(journal(...calls)).map((entry) => entry.seq);

describe("the loose ends of a journal", () => {
  test("are locks taken and not given back", () => {
    expect(loose()).toEqual([]);
    expect(loose("+a", "-a", "+b")).toEqual([2]);
    expect(loose("+a", "+b", "-a", "+a")).toEqual([3, 1]);
  });

  test("are tokens that were neither answered nor waited for", () => {
    expect(loose("?t", "!t")).toEqual([]);
    expect(loose("*t")).toEqual([]);
    expect(loose("?t", "+t", "!t")).toEqual([1]);
    expect(loose("*t", "?t", "!t")).toEqual([1]);
  });

  test("are links of approvals that nobody decided with", () => {
    expect(loose("@a", "%a")).toEqual([]);
    expect(loose("@a", "@b", "%a", "?a", "%x")).toEqual([1, 3]);
  });

  test("of locks that were given back are where something between is gone", () => {
    const entries = journal("+a", "+b", "-b", "-a", "?t", "!t");
    const broken = (calls: LooseEnd[], ...missing: number[]): number[] => {
      const gaps = missing.map((seq) => ({ seq, at: 0 }));
      return brokenLocks(calls, { gaps, settled: () => true }).map(({ seq }) => seq);
    };
    expect(broken(entries, 4, 5)).toEqual([]);
    expect(broken(entries, 1)).toEqual([0, 3]);
    expect(broken(journal("+a", "?t", "!t", "-a"), 2)).toEqual([0, 3]);
    expect(broken(journal("+a", "?t"), 1)).toEqual([]);
  });

  test("of locks that were given back are where a replay stands still and would execute a call under them", () => {
    const entries = journal("+a", "+b", "?t", "-b", "-a", "+c", "?t", "-c");
    const broken = (at: number, ...open: readonly number[]): number[] => {
      const settled = (seq: number): boolean => !open.includes(seq);
      return brokenLocks(entries, { gaps: [{ seq: -9, at }], settled }).map(({ seq }) => seq);
    };
    // What counts of the gap is where its result stands: it was called before all of them.
    expect(broken(5.5, 2)).toEqual([]);
    expect(broken(5.5, 2, 6)).toEqual([5, 7]);
    expect(broken(6.5, 6)).toEqual([5, 7]);
    expect(broken(0.5, 6)).toEqual([5, 7]);
    expect(broken(8.5, 2, 6)).toEqual([]);
    // The outer lock is taken again, and so the replay stands still before the inner one was given back.
    expect(broken(4.5, 2)).toEqual([0, 4, 1, 3]);
  });

  test("end a copy before the first of them", () => {
    const all = Number.POSITIVE_INFINITY;
    expect(beforeLooseEnds(journal("+a", "-a"), all)).toBe(all);
    expect(beforeLooseEnds(journal("+a", "-a", "+b"), all)).toBe(3);
    expect(beforeLooseEnds(journal("+a", "-a"), 2)).toBe(1);
    expect(beforeLooseEnds(journal("?t", "+a", "!t"), all)).toBe(1);
    expect(beforeLooseEnds(journal("+a", "+b", "-a"), all)).toBe(1);
  });
});
