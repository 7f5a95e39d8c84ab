// The journal on the worker's side: places in call order, settlements in commit order, whatever the order in which they come.
import { describe, expect, test } from "bun:test";
import { entry } from "./played-engine.suite.ts";
import { fingerprint, Replay } from "./replay.ts";

const settlement = (seq: number, ord: number) => ({ seq, ord, status: "completed" as const, at: ord });

/** Takes everything there is to hand out, as numbers of entries. */
function drain(replay: Replay): number[] {
  const seqs: number[] = [];
  for (let next = replay.next; next !== undefined; next = replay.next) {
    seqs.push(next.seq);
    replay.take(next);
  }
  return seqs;
}

describe("places", () => {
  test("are given in call order and hold what was recorded there", () => {
    const replay = new Replay(2);
    replay.add([
      entry({ seq: 0, kind: "step", name: "a", ord: 1 }),
      entry({ seq: 1, kind: "sleep", name: "b", ord: 2 }),
    ]);
    expect(replay.place("step", "a")).toMatchObject({ seq: 0, n: 0, entry: { ord: 1 } });
    expect(replay.place("sleep", "b")).toMatchObject({ seq: 1, n: 0, entry: { ord: 2 } });
    expect(replay.place("step", "a")).toEqual({ seq: 2, n: 1, entry: undefined });
  });

  test.each([
    ["kind", "sleep", "a", 'sleep "a"'],
    ["name", "step", "b", 'step "b"'],
  ] as const)("are refused for another %s, and not used up by that", (_what, kind, name, asked) => {
    const replay = new Replay(1);
    replay.add([entry({ seq: 0, kind: "step", name: "a", ord: 1 })]);
    expect(replay.place(kind, name)).toEqual({ seq: 0, recorded: 'step "a"', asked });
    expect(replay.place("step", "a")).toMatchObject({ seq: 0 });
  });

  test("are refused for another occurrence of the same name", () => {
    const replay = new Replay(1);
    replay.add([entry({ seq: 0, kind: "step", name: "a", n: 1, ord: 1 })]);
    expect(replay.place("step", "a")).toEqual({ seq: 0, recorded: 'step "a" (occurrence 2)', asked: 'step "a"' });
  });

  test("that no call took are left over, lost branches excepted", () => {
    const replay = new Replay(1);
    replay.add([
      entry({ seq: 0, kind: "step", name: "lost", status: "aborted" }),
      entry({ seq: 1, kind: "step", name: "undoable", undo: true, ord: 1 }),
      entry({ seq: 2, kind: "event", name: "e" }),
    ]);
    expect(replay.leftOver()?.name).toBe("undoable");
    expect(replay.leftOver((each) => each.undo !== true)?.name).toBe("e");
    replay.place("step", "lost");
    replay.place("step", "undoable");
    replay.place("event", "e");
    expect(replay.leftOver()).toBeUndefined();
  });

  test("are named for people with the occurrence from the second on", () => {
    expect(fingerprint({ kind: "step", name: "a", n: 0 })).toBe('step "a"');
    expect(fingerprint({ kind: "step", name: "a", n: 2 })).toBe('step "a" (occurrence 3)');
  });
});

describe("settlements", () => {
  test("come in the order of the journal, undos and open entries left out", () => {
    const replay = new Replay(3);
    replay.add([
      entry({ seq: 1, kind: "step", name: "b", ord: 1 }),
      entry({ seq: 0, kind: "step", name: "a", ord: 2 }),
      entry({ seq: -1, kind: "undo", name: "a", ord: 3 }),
      entry({ seq: 2, kind: "event", name: "e" }),
    ]);
    replay.complete();
    expect(drain(replay)).toEqual([1, 0]);
    expect([...replay.undoEntries.keys()]).toEqual([-1]);
  });

  test("that are told follow the journal without a gap, however they arrive", () => {
    const replay = new Replay(2);
    replay.enqueue(settlement(4, 5));
    replay.enqueue(settlement(2, 3));
    replay.add([entry({ seq: 0, kind: "step", name: "a", ord: 1 })]);
    expect(replay.next?.seq).toBe(0);
    replay.add([entry({ seq: 1, kind: "step", name: "b", ord: 2 })]);
    replay.complete();
    expect(drain(replay)).toEqual([0, 1, 2]);
    replay.enqueue(settlement(3, 4));
    expect(drain(replay)).toEqual([3, 4]);
    expect(replay.ord).toBe(5);
  });

  test("that are in a late piece of the journal and are told as well come once", () => {
    const replay = new Replay(1);
    replay.add([entry({ seq: 0, kind: "step", name: "a", ord: 1 })]);
    replay.add([entry({ seq: 1, kind: "event", name: "e", ord: 2 })]);
    replay.enqueue(settlement(1, 2));
    replay.complete();
    expect(drain(replay)).toEqual([0, 1]);
  });

  test("of lost branches are skipped, wherever they stand", () => {
    const replay = new Replay(0);
    replay.complete();
    for (let ord = 1; ord <= 4; ord++) replay.enqueue(settlement(ord, ord));
    replay.forget([1, 3]);
    expect(drain(replay)).toEqual([2, 4]);
  });

  test("can be taken from the middle", () => {
    const replay = new Replay(0);
    replay.complete();
    for (let ord = 1; ord <= 3; ord++) replay.enqueue(settlement(ord * 10, ord));
    const found = replay.find((seq) => seq >= 20);
    expect(found?.seq).toBe(20);
    if (found !== undefined) replay.take(found);
    expect(drain(replay)).toEqual([10, 30]);
    expect(replay.find(() => true)).toBeUndefined();
  });

  test("are gone after a clear; later ones come as usual", () => {
    const replay = new Replay(0);
    replay.complete();
    replay.enqueue(settlement(0, 1));
    replay.clear();
    expect(replay.next).toBeUndefined();
    replay.enqueue(settlement(1, 2));
    expect(drain(replay)).toEqual([1]);
  });
});

describe("a patch", () => {
  test("applies where it is recorded, and where nothing is recorded from here on", () => {
    const recorded = new Replay(2);
    recorded.add([
      entry({ seq: 0, kind: "patched", name: "p", ord: 1 }),
      entry({ seq: 1, kind: "step", name: "a", ord: 2 }),
    ]);
    expect(recorded.patchApplies("p")).toBe(true);
    expect(recorded.patchApplies("q")).toBe(false);
    const old = new Replay(1);
    old.add([entry({ seq: 0, kind: "step", name: "a", ord: 1 })]);
    expect(old.patchApplies("p")).toBe(false);
    old.place("step", "a");
    expect(old.patchApplies("p")).toBe(true);
  });

  test("does not apply while something that was recorded is still to be handed out: older code has passed this point", () => {
    const replay = new Replay(1);
    replay.add([entry({ seq: 0, kind: "step", name: "a", ord: 1 })]);
    replay.place("step", "a");
    expect(replay.patchApplies("p", true)).toBe(false);
    expect(drain(replay)).toEqual([0]);
    expect(replay.patchApplies("p", true)).toBe(true);
  });
});
