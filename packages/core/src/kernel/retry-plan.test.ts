import { describe, expect, test } from "bun:test";
import type { EntryKind, EntryStatus } from "@sluice/protocol";
import type { LooseEnd } from "./loose-ends.ts";
import { planRetry } from "./retry-plan.ts";
import type { RetriedEntry, RetryPlan } from "./retry-plan.ts";

interface Entry {
  readonly kind?: EntryKind;
  readonly seq?: number;
  readonly status?: EntryStatus;
  readonly again?: boolean;
  readonly name?: string;
}

/** A journal whose entries were called and settled in this order; what runs or was given up has no place. */
function plan(entries: readonly Entry[], more: { cause?: number; ended?: boolean } = {}): RetryPlan {
  const rows = entries.map((entry, index): RetriedEntry & { name: string } => {
    const { kind = "step", seq = index, status = "completed", again = false, name = "door" } = entry;
    const open = status === "running" || status === "aborted";
    return { kind, seq, status, again, name, at: open && !again ? 0 : index + 1 };
  });
  const loose: LooseEnd[] = rows
    .filter(({ kind, status }) => ["lock", "unlock", "token"].includes(kind) && status === "completed")
    .map(({ kind, seq, name, at }) => ({
      kind,
      seq,
      name,
      ord: at,
      used: false,
      approval: kind === "token" && name === "link",
    }));
  return planRetry({ entries: rows, loose, cause: more.cause, ended: more.ended ?? true });
}

const lock = { kind: "lock" } as const;
const unlock = { kind: "unlock" } as const;
const sleep = { kind: "sleep" } as const;

describe("a retry", () => {
  test("takes out what ended the run and what was open", () => {
    const entries: readonly Entry[] = [
      {},
      { status: "failed" },
      { status: "running" },
      { kind: "call", status: "running" },
    ];
    expect(plan(entries, { cause: 1 })).toEqual({ removed: [2, 3, 1], again: [], reopened: [] });
  });

  test("has undone steps done again where they were, and takes out their undos", () => {
    const entries: readonly Entry[] = [{}, sleep, { status: "failed" }, { seq: -1, kind: "undo" }];
    expect(plan(entries, { cause: 2 })).toEqual({ removed: [-1, 2], again: [0], reopened: [] });
  });

  test("has a lock taken again where it was when something under it is done again, and given back anew", () => {
    const entries: readonly Entry[] = [lock, sleep, { status: "failed" }, unlock];
    expect(plan(entries, { cause: 2 })).toEqual({ removed: [2, 3], again: [0], reopened: [] });
    const undone: readonly Entry[] = [lock, {}, unlock, { status: "failed" }, { seq: -2, kind: "undo" }];
    expect(plan(undone, { cause: 3 })).toEqual({ removed: [-2, 3], again: [1, 0, 2], reopened: [] });
  });

  test("keeps a lock that was given back while what is taken out was open", () => {
    expect(plan([lock, { status: "running" }, sleep, unlock])).toEqual({ removed: [1], again: [], reopened: [] });
  });

  test("takes a lock again that was given back after the place where the replay stands still", () => {
    // A step that a lost branch of a race never got on record would be executed while the replay waits for the token.
    const token = { kind: "token", name: "t" } as const;
    const entries: readonly Entry[] = [
      { ...lock, seq: 3 },
      { ...token, seq: 6 },
      { ...unlock, seq: 9 },
    ];
    expect(plan(entries)).toEqual({ removed: [], again: [6, 3, 9], reopened: [] });
    const outside: readonly Entry[] = [
      { ...lock, seq: 3 },
      { ...unlock, seq: 5 },
      { ...token, seq: 6 },
    ];
    expect(plan(outside)).toEqual({ removed: [], again: [6], reopened: [] });
  });

  test("keeps such a lock when nothing was called under it that could be executed now", () => {
    const token = { kind: "token", name: "t" } as const;
    const entries: readonly Entry[] = [{ ...lock, seq: 1 }, { ...token, seq: 0 }, { seq: 2 }, { ...unlock, seq: 3 }];
    expect(plan(entries)).toEqual({ removed: [], again: [0], reopened: [] });
  });

  test("takes a lock again around a race that is decided anew, whatever was open under it", () => {
    const entries: readonly Entry[] = [
      { ...lock, seq: 3 },
      { seq: 1, status: "failed" },
      { kind: "race", seq: 0 },
      { ...unlock, seq: 5 },
      { seq: 4, status: "aborted" },
      { seq: -5, kind: "undo" },
    ];
    expect(plan(entries, { cause: 1 })).toEqual({ removed: [-5, 4, 1, 0, 5], again: [3], reopened: [] });
  });

  test("takes locks and tokens again that the run had lost with its end, and makes links of approvals good again", () => {
    const entries: readonly Entry[] = [lock, { kind: "token", name: "t" }, { kind: "token", name: "link" }, sleep];
    expect(plan(entries)).toEqual({ removed: [], again: [0, 1], reopened: [2] });
    expect(plan(entries, { ended: false })).toEqual({ removed: [], again: [], reopened: [] });
  });

  test("does not count on what came after the entry that ended the run, but for a lock under which something stays done", () => {
    const entries: readonly Entry[] = [{ status: "failed" }, lock, {}, unlock, { seq: -3, kind: "undo" }];
    expect(plan(entries, { cause: 0 })).toEqual({ removed: [-3, 2, 0, 1, 3], again: [], reopened: [] });
    const kept: readonly Entry[] = [{ status: "failed" }, lock, {}, sleep, unlock, { seq: -3, kind: "undo" }];
    expect(plan(kept, { cause: 0 })).toEqual({ removed: [-3, 2, 0, 4], again: [1], reopened: [] });
  });

  test("has a race decided anew that the cause may have decided, and no other", () => {
    const race = { kind: "race" } as const;
    const entries: readonly Entry[] = [
      { ...race, seq: 1 },
      { seq: 2, status: "failed" },
      { ...race, seq: 0 },
      { ...race, seq: 3 },
    ];
    expect(plan(entries, { cause: 2 })).toEqual({ removed: [2, 0], again: [], reopened: [] });
  });

  test("keeps the places that an earlier one kept", () => {
    const entries: readonly Entry[] = [{ status: "running", again: true }, { status: "failed", again: true }, sleep];
    expect(plan(entries, { cause: 1 })).toEqual({ removed: [], again: [0, 1], reopened: [] });
  });

  test("takes out what was undone in a lost branch", () => {
    const entries: readonly Entry[] = [{ status: "aborted" }, { status: "failed" }, { seq: -1, kind: "undo" }];
    expect(plan(entries, { cause: 1 })).toEqual({ removed: [-1, 0, 1], again: [], reopened: [] });
  });
});
