// The port's approvals of several links: made before they are waited for, decided by different people, written beside.
import { describe, expect, test } from "bun:test";
import type { StoreOp } from "../kernel/run-store.ts";
import {
  ada,
  approval,
  delivered,
  done,
  fail,
  finish,
  race,
  read,
  start,
  value,
  withStore,
} from "./run-store.fixture.suite.ts";
import type { MakeStore } from "./run-store.fixture.suite.ts";

/** A link of group `g`, named as its approval is. */
const link = (seq: number, token: string, more: { readonly due?: number; readonly name?: string } = {}): StoreOp => ({
  op: "token",
  seq,
  name: `link: ${more.name ?? token}`,
  n: 0,
  token,
  value: value(token),
  terms: value({ group: "g", need: 1, of: 2 }),
  group: "g",
  title: "manager",
  description: "Order 17",
  ...(more.due === undefined ? {} : { due: more.due }),
});
const linked = (seq: number, token: string, name = token): StoreOp => ({
  op: "approval",
  seq,
  name,
  n: 0,
  token,
  linked: true,
});

export function approvalsSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: approvals of several links`, () => {
    const desk = withStore(makeStore);
    const decide = (token: string, person?: string) =>
      desk.store.completeToken({ by: ada, token, kind: "approval", value: value(token), person, now: desk.now });
    const status = async (token: string) => (await desk.store.getToken({ token }))?.status;
    const comment = (token: string, text = "why?", limit = 9) =>
      desk.store.commentApproval({ by: { ...ada, origin: { name: "Ada" } }, token, text, limit, now: desk.now });

    test("are listed with their terms, and settle whoever waits for them, before or after", async () => {
      await desk.hot("r1");
      const { effects } = await desk.append("r1", link(0, "t1"), link(1, "t2"), linked(2, "t1"));
      expect(delivered(effects)).toEqual([]);
      const [first] = await desk.store.listTokens({ kind: "approval", limit: 9 });
      expect(first).toMatchObject({
        token: "t1",
        kind: "approval",
        name: "manager",
        group: "g",
        description: "Order 17",
        status: "open",
      });
      expect(read(first?.terms)).toEqual({ group: "g", need: 1, of: 2 });
      const decided = await decide("t1");
      if (decided.outcome !== "ok") throw new Error(decided.outcome);
      expect(delivered(decided.effects)).toEqual([["r1", 2, "completed", "t1"]]);
      // The second is decided before anything waits for it.
      expect(await decide("t2")).toMatchObject({ outcome: "ok", run: "r1" });
      const answer = await desk.append("r1", linked(3, "t2"));
      expect(answer.events).toMatchObject([{ seq: 3, status: "completed" }]);
      expect(await decide("t1")).toEqual({ outcome: "used" });
    });

    test("are decided once by each person", async () => {
      await desk.hot("r1");
      await desk.append("r1", link(0, "t1"), link(1, "t2"), approval(2, "t3"));
      expect(await decide("t1", "ada")).toMatchObject({ outcome: "ok" });
      expect(await decide("t2", "ada")).toEqual({ outcome: "decided" });
      expect(await status("t2")).toBe("open");
      expect(await decide("t3", "ada")).toMatchObject({ outcome: "ok" });
      expect(await decide("t2", "bob")).toMatchObject({ outcome: "ok" });
    });

    test("are over with their time, with a lost race and with their run", async () => {
      await desk.hot("r1");
      await desk.append("r1", link(0, "t1", { due: start + 100 }), linked(1, "t1"), link(2, "t2"), linked(3, "t2"));
      desk.now = start + 100;
      expect(delivered((await desk.fire(start + 100)).effects)).toEqual([["r1", 1, "failed", "time limit"]]);
      expect(await status("t1")).toBe("expired");
      await desk.append("r1", race(4, [3]));
      expect([await status("t2"), (await decide("t2")).outcome]).toEqual(["expired", "expired"]);
      await desk.append("r1", link(5, "t3"), finish());
      expect(await status("t3")).toBe("expired");
    });

    test("belong to the run that made them", async () => {
      await desk.hot("r1");
      await desk.append("r1", link(0, "t1"));
      await desk.hot("r2");
      const answer = await desk.append("r2", linked(0, "t1"));
      expect(answer.events).toMatchObject([{ seq: 0, status: "failed" }]);
      expect(await status("t1")).toBe("open");
      await decide("t1");
      const again = await desk.append("r2", linked(1, "t1"));
      expect(again.events).toMatchObject([{ seq: 1, status: "completed" }]);
    });

    test("are good again after a retry, as long as nobody has decided with them", async () => {
      await desk.hot("r1");
      await desk.append("r1", link(0, "t1", { name: "a" }), link(1, "t2", { name: "b" }), linked(2, "t1", "a"));
      await desk.append(
        "r1",
        link(3, "t3", { name: "c", due: start + 50 }),
        linked(4, "t2", "b"),
        linked(5, "t3", "c"),
      );
      await decide("t1");
      await desk.append("r1", done(6), fail(7));
      expect([await status("t2"), await status("t3")]).toEqual(["expired", "expired"]);
      desk.now = start + 60;
      expect((await desk.store.retryRun({ by: ada, run: "r1", now: desk.now })).outcome).toBe("ok");
      const { entries } = await desk.store.readJournal({ run: "r1", bytesMax: 10_000 });
      expect(entries.map((entry) => [entry.seq, entry.status])).toEqual([
        [0, "completed"],
        [1, "completed"],
        [3, "completed"],
        [2, "completed"],
        [6, "completed"],
      ]);
      expect([await status("t1"), await status("t2"), await status("t3")]).toEqual(["used", "open", "expired"]);
    });

    test("are not the copy's when a run is forked", async () => {
      await desk.hot("r1");
      await desk.append("r1", done(0), link(1, "t1", { name: "a" }), linked(2, "t1", "a"));
      const forked = await desk.store.forkRun({ by: ada, from: "r1", run: desk.newRun("r2"), now: desk.now });
      expect(forked.outcome).toBe("created");
      const journal = await desk.store.readJournal({ run: "r2", bytesMax: 10_000 });
      expect(journal.entries.map(({ seq }) => seq)).toEqual([0]);
      expect(await status("t1")).toBe("open");
    });

    test("share what is written beside them, in order, up to a limit", async () => {
      await desk.hot("r1");
      await desk.append("r1", link(0, "t1"), link(1, "t2"), approval(2, "t3"));
      expect(await comment("t1", "why?")).toEqual({ outcome: "ok", run: "r1", no: 1 });
      desk.now = start + 5;
      expect(await comment("t2", "because", 2)).toEqual({ outcome: "ok", run: "r1", no: 2 });
      expect(await comment("t2", "more", 2)).toEqual({ outcome: "full" });
      expect(await comment("t3", "other")).toMatchObject({ outcome: "ok", no: 1 });
      expect(await comment("none")).toEqual({ outcome: "unknown" });
      const list = (token: string) => desk.store.listComments({ token, limit: 9 });
      expect(await list("t1")).toEqual([
        { no: 1, by: { kind: "user", id: "ada", origin: { name: "Ada" } }, at: start, text: "why?" },
        { no: 2, by: { kind: "user", id: "ada", origin: { name: "Ada" } }, at: start + 5, text: "because" },
      ]);
      expect((await list("t3")).map(({ text }) => text)).toEqual(["other"]);
      await decide("t1");
      expect(await comment("t1", "late")).toMatchObject({ outcome: "ok", no: 3 });
      await desk.append("r1", finish());
      expect(await comment("t2")).toEqual({ outcome: "expired" });
      expect((await list("t2")).length).toBe(3);
      await desk.store.deleteRuns({ by: ada, runs: ["r1"], now: desk.now });
      expect(await list("t1")).toEqual([]);
    });
  });
}
