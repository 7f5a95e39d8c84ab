// The port's waits: events, approvals, callbacks, and the time limits of all of them.
import { describe, expect, test } from "bun:test";
import {
  ada,
  approval,
  callback,
  delivered,
  done,
  emit,
  finish,
  idle,
  ordered,
  problem,
  read,
  sleep,
  start,
  started,
  token,
  value,
  waitFor,
  withStore,
  type MakeStore,
} from "./run-store.fixture.suite.ts";

export function waitingSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: events`, () => {
    const desk = withStore(makeStore);

    test("wake every run that waits for them, by name, key and content", async () => {
      await desk.hot("r1");
      await desk.append("r1", waitFor(0, "paid"), idle());
      await desk.parked("r2", [waitFor(0, "paid", { key: "k1" })]);
      await desk.parked("r3", [waitFor(0, "paid", { key: "k2" })]);
      await desk.parked("r4", [waitFor(0, "paid", { match: { to: { city: "Oslo" } } })]);
      await desk.parked("r5", [waitFor(0, "paid", { match: { to: { city: "Rome" } } })]);
      await desk.parked("r6", [waitFor(0, "sent")]);
      const payload = { sum: 9, to: { city: "Oslo", street: "1st" } };
      const emitted = await desk.emit("paid", payload, { key: "k1" });
      expect(emitted.duplicate).toBe(false);
      expect(delivered(emitted.effects)).toEqual([["r1", 0, "completed", payload]]);
      expect(emitted.effects.ready).toBe(2);
      expect([...emitted.effects.touched].toSorted()).toEqual(["r2", "r4"]);
    });

    test("are kept for those who begin to wait later", async () => {
      await desk.hot("r1");
      await desk.emit("paid", 1);
      await desk.emit("paid", 2);
      const taken = await desk.append("r1", waitFor(0, "paid"), waitFor(1, "paid"), waitFor(2, "paid"));
      expect(ordered(taken.events)).toEqual([
        [0, "completed", 1],
        [1, "completed", 2],
      ]);
      expect(await desk.journal("r1")).toEqual([
        [0, "completed", 1],
        [1, "completed", 2],
        [2, "running", undefined],
      ]);
    });

    test("from before a run existed reach it by key only", async () => {
      await desk.emit("paid", "keyed", { key: "k" });
      await desk.emit("paid", "plain");
      desk.now += 10;
      await desk.hot("r1");
      const waits = await desk.append(
        "r1",
        waitFor(0, "paid"),
        waitFor(1, "paid", { key: "k" }),
        waitFor(2, "paid", { key: "x" }),
      );
      expect(ordered(waits.events)).toEqual([[1, "completed", "keyed"]]);
    });

    test("that match a pattern are found among many that do not", async () => {
      await desk.hot("r1");
      for (let i = 0; i < 150; i++) await desk.emit("paid", { n: i });
      const found = await desk.append(
        "r1",
        waitFor(0, "paid", { match: { n: 140 } }),
        waitFor(1, "paid", { match: { n: 140 } }),
      );
      expect(ordered(found.events)).toEqual([[0, "completed", { n: 140 }]]);
    });

    test("settle one wait of a run, not two", async () => {
      await desk.hot("r1");
      await desk.append("r1", waitFor(0, "paid"), waitFor(1, "paid"));
      expect(delivered((await desk.emit("paid", 1)).effects)).toEqual([["r1", 0, "completed", 1]]);
      expect(delivered((await desk.emit("paid", 2)).effects)).toEqual([["r1", 1, "completed", 2]]);
    });

    test("with an id are stored once", async () => {
      const first = await desk.emit("paid", 1, { id: "evt-9" });
      await desk.hot("r1");
      await desk.append("r1", waitFor(0, "paid", { match: 2 }));
      const second = await desk.emit("paid", 2, { id: "evt-9" });
      expect(second).toMatchObject({ event: first.event, duplicate: true });
      expect(second.effects.deliveries).toEqual([]);
      expect(await desk.store.listEvents({ after: 0, limit: 9 })).toHaveLength(1);
    });

    test("with an id of another name's are events of their own: nobody uses up the ids of others", async () => {
      await desk.hot("r1");
      await desk.append("r1", waitFor(0, "paid"));
      expect(await desk.emit("noise", 0, { id: "evt-1" })).toMatchObject({ duplicate: false });
      const paid = await desk.emit("paid", 1, { id: "evt-1" });
      expect(paid.duplicate).toBe(false);
      expect(delivered(paid.effects)).toEqual([["r1", 0, "completed", 1]]);
      expect(await desk.emit("paid", 2, { id: "evt-1" })).toMatchObject({ duplicate: true, event: paid.event });
      expect(await desk.emit("noise", 3, { id: "evt-1" })).toMatchObject({ duplicate: true });
    });

    test("that do not come in time are reported as such, and nothing is consumed", async () => {
      await desk.hot("r1");
      await desk.append("r1", waitFor(0, "paid", { due: start + 100 }), idle("waiting_for_event"));
      const fired = await desk.fire(start + 100);
      expect(delivered(fired.effects)).toEqual([["r1", 0, "failed", "time limit"]]);
      await desk.emit("paid", 1);
      expect(ordered((await desk.append("r1", waitFor(1, "paid"))).events)).toEqual([[1, "completed", 1]]);
      const late = await desk.append("r1", waitFor(2, "paid", { due: desk.now }));
      expect(ordered(late.events)).toEqual([[2, "failed", "time limit"]]);
    });

    test("that runs emit reach others, and the run itself in order", async () => {
      await desk.parked("r2", [waitFor(0, "go")]);
      await desk.hot("r1");
      await desk.append("r1", waitFor(0, "go"), idle());
      const sent = await desk.append("r1", emit(1, "go", "!", { id: "once" }));
      const { events } = sent;
      expect(ordered(events)).toEqual([
        [0, "completed", "!"],
        [1, "completed", expect.any(Number)],
      ]);
      expect(events.map((event) => (event.event === "settle" ? event.ord : 0))).toEqual([1, 2]);
      expect(sent.effects).toMatchObject({ deliveries: [], ready: 1, touched: ["r2"] });
      expect(sent.status).toBe("running");
      const again = await desk.append("r1", emit(2, "go", "?", { id: "once" }));
      expect(again.effects.ready).toBe(0);
      expect(await desk.store.listEvents({ after: 0, limit: 9 })).toHaveLength(1);
    });

    test("are listed in order of arrival", async () => {
      const { event: first } = await desk.emit("paid", 1, { key: "k" });
      await desk.emit("sent", 2);
      await desk.emit("paid", 3);
      const all = await desk.store.listEvents({ after: 0, limit: 9 });
      expect(all).toMatchObject([{ id: first, name: "paid", key: "k", at: start }, { name: "sent" }, { name: "paid" }]);
      expect(all[1]?.key).toBeUndefined();
      const later = await desk.store.listEvents({ name: "paid", after: first, limit: 9 });
      expect(later.map(({ payload }) => read(payload))).toEqual([3]);
      expect(await desk.store.listEvents({ after: 0, limit: 2 })).toHaveLength(2);
      const newest = await desk.store.listEvents({ after: 0, order: "newest", limit: 9 });
      expect(newest.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toReversed());
      const before = await desk.store.listEvents({ after: newest[0]?.id ?? 0, order: "newest", limit: 9 });
      expect(before).toEqual(newest.slice(1));
    });
  });

  describe(`${name}: approvals`, () => {
    const desk = withStore(makeStore);
    const approve = (secret: string, given: unknown = { approved: true }) =>
      desk.store.completeToken({ by: ada, token: secret, kind: "approval", value: value(given), now: desk.now });

    test("wait for somebody to decide, once", async () => {
      await desk.hot("r1");
      const ask = { ...approval(0, "t1", start + 900), description: "Order 17", data: value({ sum: 9 }) };
      expect((await desk.append("r1", ask, idle("waiting_for_approval"))).effects.due).toBe(start + 900);
      const open = await desk.store.getToken({ token: "t1" });
      expect(open).toMatchObject({
        token: "t1",
        kind: "approval",
        run: "r1",
        workflow: "order",
        seq: 0,
        name: "manager",
        description: "Order 17",
        createdAt: start,
        expiresAt: start + 900,
        status: "open",
      });
      expect(read(open?.data)).toEqual({ sum: 9 });
      const decided = await approve("t1");
      if (decided.outcome !== "ok") throw new Error(decided.outcome);
      expect(decided.run).toBe("r1");
      expect(delivered(decided.effects)).toEqual([["r1", 0, "completed", { approved: true }]]);
      expect(await approve("t1")).toEqual({ outcome: "used" });
      expect((await desk.store.getToken({ token: "t1" }))?.status).toBe("used");
    });

    test("wake a parked run", async () => {
      await desk.parked("r1", [approval(0, "t1")]);
      expect(await approve("t1")).toMatchObject({ outcome: "ok", effects: { ready: 1, touched: ["r1"] } });
      expect(await desk.claim()).toMatchObject([{ journal: [{ seq: 0, kind: "approval", status: "completed" }] }]);
    });

    test("are over after their time limit", async () => {
      await desk.hot("r1");
      await desk.append("r1", approval(0, "t1", start + 100), approval(1, "t2", start + 100));
      desk.now = start + 100;
      expect(await approve("t2")).toEqual({ outcome: "expired" });
      expect(delivered((await desk.fire(start + 100)).effects)).toEqual([
        ["r1", 0, "failed", "time limit"],
        ["r1", 1, "failed", "time limit"],
      ]);
      expect((await desk.store.getToken({ token: "t1" }))?.status).toBe("expired");
      expect(await approve("t1")).toEqual({ outcome: "expired" });
    });

    test("are unknown by another kind or name, and expired with their run", async () => {
      await desk.hot("r1");
      await desk.append("r1", approval(0, "t1"));
      const other = { by: ada, token: "t1", kind: "callback", value: value(1), now: start } as const;
      expect(await desk.store.completeToken(other)).toEqual({ outcome: "unknown" });
      expect(await approve("none")).toEqual({ outcome: "unknown" });
      await desk.append("r1", finish());
      expect(await approve("t1")).toEqual({ outcome: "expired" });
    });

    test("are listed with the tokens of their kind", async () => {
      await desk.hot("r1");
      await desk.append("r1", approval(0, "t1"), token(1, "t2"));
      desk.now++;
      await desk.hot("r2", { workflow: "other" });
      await desk.append("r2", approval(0, "t3"));
      await approve("t1");
      const list = async (more: object) =>
        (await desk.store.listTokens({ kind: "approval", limit: 9, ...more })).map((each) => each.token);
      expect(await list({})).toEqual(["t1", "t3"]);
      expect(await list({ status: "open" })).toEqual(["t3"]);
      expect(await list({ run: "r1" })).toEqual(["t1"]);
      expect(await list({ limit: 1 })).toEqual(["t1"]);
      const [first] = await desk.store.listTokens({ kind: "approval", limit: 1 });
      expect(await list({ after: first })).toEqual(["t3"]);
      expect(await list({ after: first, access: { workflows: ["order"] } })).toEqual([]);
      expect(await list({ access: { workflows: ["order"] } })).toEqual(["t1"]);
      expect(await list({ access: { workflows: [] } })).toEqual([]);
      expect(await list({ kind: "callback" })).toEqual(["t2"]);
    });
  });

  describe(`${name}: callbacks`, () => {
    const desk = withStore(makeStore);
    const complete = (secret: string, result: { value?: Uint8Array; error?: Uint8Array }) =>
      desk.store.completeToken({ by: ada, token: secret, kind: "callback", now: desk.now, ...result });

    test("have a token before they are waited for", async () => {
      await desk.hot("r1");
      const made = await desk.append("r1", token(0, "t1", start + 900));
      expect(ordered(made.events)).toEqual([[0, "completed", { token: "t1" }]]);
      expect(await desk.store.getToken({ token: "t1" })).toMatchObject({
        kind: "callback",
        status: "open",
        expiresAt: start + 900,
      });
      await desk.append("r1", callback(1, "t1"), idle("waiting_for_callback"));
      const completed = await complete("t1", { value: value("yes") });
      if (completed.outcome !== "ok") throw new Error(completed.outcome);
      expect(delivered(completed.effects)).toEqual([["r1", 1, "completed", "yes"]]);
      expect(await complete("t1", { value: value("no") })).toEqual({ outcome: "used" });
    });

    test("that came first are there when they are waited for", async () => {
      await desk.hot("r1");
      await desk.append("r1", token(0, "t1"), token(1, "t2"));
      await complete("t1", { value: value("yes") });
      await complete("t2", { error: problem("declined") });
      const waited = await desk.append("r1", callback(2, "t1"), callback(3, "t2"));
      expect(ordered(waited.events)).toEqual([
        [2, "completed", "yes"],
        [3, "failed", "declined"],
      ]);
    });

    test("of tokens that are over or unknown do not come", async () => {
      await desk.hot("r1");
      await desk.append("r1", token(0, "t1", start + 100), token(1, "t2"));
      desk.now = start + 100;
      const waited = await desk.append("r1", callback(2, "t1"), callback(3, "none"), callback(4, "t2", start + 200));
      expect(ordered(waited.events)).toEqual([
        [2, "failed", "time limit"],
        [3, "failed", "time limit"],
      ]);
      expect(delivered((await desk.fire(start + 200)).effects)).toEqual([["r1", 4, "failed", "time limit"]]);
      expect(await complete("t2", { value: value(1) })).toEqual({ outcome: "expired" });
    });

    test("end with their token's time", async () => {
      await desk.hot("r1");
      await desk.append("r1", token(0, "t1", start + 100));
      const waited = await desk.append("r1", callback(1, "t1"), idle("waiting_for_callback"));
      expect(waited.effects.due).toBe(start + 100);
      expect(delivered((await desk.fire(start + 100)).effects)).toEqual([["r1", 1, "failed", "time limit"]]);
    });
  });

  describe(`${name}: time limits of runs`, () => {
    const desk = withStore(makeStore);

    test("tell a run in memory, and end any other", async () => {
      await desk.hot("r1", { timeoutAt: start + 100 });
      await desk.parked("r2", [sleep(0, start + 100)], { timeoutAt: start + 100 });
      await desk.create("r3", { timeoutAt: start + 100 });
      const fired = await desk.fire(start + 100);
      const notice = { event: "cancel", status: "timedout", reason: "run_timeout" };
      expect(fired.effects.deliveries).toMatchObject([{ run: "r1", event: notice }]);
      expect(fired.effects.finished.map(({ run, status }) => `${run} ${status}`).toSorted()).toEqual([
        "r2 timedout",
        "r3 timedout",
      ]);
      expect(await desk.run("r1")).toMatchObject({ status: "running", cancel: { status: "timedout" } });
      const ended = await desk.run("r3");
      expect(ended).toMatchObject({ status: "timedout", reason: "run_timeout", endedAt: start + 100 });
      expect(read(ended.error)).toMatchObject({ name: "TimeoutError", code: "timeout" });
      expect(await desk.claim()).toEqual([]);
    });

    test("let a parked run undo first", async () => {
      await desk.hot("r1", { timeoutAt: start + 100 });
      await desk.append("r1", started(0), done(0, 1, { undo: true }));
      await desk.append("r1", sleep(1, start + 900), idle("sleeping"));
      expect(await desk.park("r1")).toBe("parked");
      const fired = await desk.fire(start + 100);
      expect(fired.effects).toMatchObject({ finished: [], ready: 1, touched: ["r1"] });
      const [claimed] = await desk.claim();
      expect(claimed?.run).toMatchObject({ status: "running", cancel: { status: "timedout", reason: "run_timeout" } });
    });
  });
}
