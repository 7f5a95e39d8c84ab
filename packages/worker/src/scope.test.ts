// Scopes: what is given up together, and whose signals that fires.
import { describe, expect, test } from "bun:test";
import { Scope } from "./scope.ts";

describe("giving a scope up", () => {
  test("answers with what was open in it and in inner ones, and leaves the outer one alone", () => {
    const outer = new Scope();
    const branch = new Scope(outer);
    const inner = new Scope(branch);
    outer.open.add(0);
    branch.open.add(1).add(2);
    inner.open.add(3);
    branch.open.delete(2);
    expect(new Set(branch.abandon("lost"))).toEqual(new Set([1, 3]));
    expect([outer.abandoned, branch.abandoned, inner.abandoned]).toEqual([false, true, true]);
    expect(outer.signal.aborted).toBe(false);
    expect(branch.signal.reason).toBe("lost");
    expect(inner.signal.aborted).toBe(true);
    expect(outer.abandon("all")).toEqual([0]);
  });

  test("holds for scopes made in it later", () => {
    const branch = new Scope(new Scope());
    branch.abandon("lost");
    const late = new Scope(branch);
    expect(late.abandoned).toBe(true);
    expect(late.signal.aborted).toBe(true);
  });

  test("names the locks held in it", () => {
    const branch = new Scope();
    branch.locks.set("a", 1);
    new Scope(branch).locks.set("b", 2);
    expect(branch.heldLocks()).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
  });
});

describe("aborting a scope", () => {
  test("fires its signal and those of inner scopes, whenever they are asked for, and gives nothing up", () => {
    const outer = new Scope();
    const inner = new Scope(outer);
    const before = inner.signal;
    outer.abort("over");
    expect(before.aborted).toBe(true);
    expect(inner.signal.reason).toBe("over");
    expect(outer.signal.aborted).toBe(true);
    expect(inner.abandoned).toBe(false);
  });

  test("fires what follows it, once and not after it has been let go", () => {
    const outer = new Scope();
    const inner = new Scope(outer);
    const [kept, released, late] = [new AbortController(), new AbortController(), new AbortController()];
    inner.follow(kept);
    inner.follow(released);
    inner.unfollow(released);
    outer.abort("over");
    outer.abort("again");
    expect([kept.signal.reason, released.signal.aborted]).toEqual(["over", false]);
    expect(inner.follow(late).signal.reason).toBe("over");
  });
});
