// The one suite of the build port: every adapter runs all of it.
import { describe, expect, test } from "bun:test";
import { outside } from "./audit-log.fixture.suite.ts";
import { ada, start, value, withStore, type MakeStore } from "./run-store.fixture.suite.ts";
import type { BuildEnd, BuildRecord, NewBuildEvent } from "../kernel/build-store.ts";

const on = { capabilities: ["docker"], labels: [], runtime: "python" };
const keepBytes = 1_000;

function output(text: string): NewBuildEvent {
  return { kind: "output", at: start, stream: "stdout", bytes: new TextEncoder().encode(text) };
}

/** Registers the tests of the port for one adapter. */
export function buildStoreSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: builds`, () => {
    const desk = withStore(makeStore);
    const create = async (id: string, queuedMax = 10): Promise<BuildRecord> => {
      const build = { id, target: "t", options: value({}), on, createdAt: start };
      const made = await desk.store.builds.createBuild({ by: outside, build, queuedMax });
      if (made.outcome !== "ok") throw new Error(made.outcome);
      return made.build;
    };
    const claim = (build: string, worker = "w") => desk.store.builds.claimBuild({ build, worker, now: start + 1 });
    const append = (
      build: string,
      epoch: number,
      p: { events?: readonly NewBuildEvent[]; end?: BuildEnd; keep?: number },
    ) =>
      desk.store.builds.appendBuild({
        build,
        epoch,
        events: p.events ?? [],
        end: p.end,
        keepBytes: p.keep ?? keepBytes,
        now: start + 2,
      });
    const kinds = async (build: string): Promise<string[]> => {
      const events = await desk.store.builds.readBuildEvents({ build, after: 0, limit: 100, bytesMax: 1_000_000 });
      return events.map(({ no, kind }) => `${no} ${kind}`);
    };

    test("come back as they were made, and go to one worker at a time", async () => {
      const made = await create("bld_1");
      expect(made).toMatchObject({ id: "bld_1", status: "queued", epoch: 0, on, by: { kind: "user", id: "ada" } });
      expect(await desk.store.builds.getBuild({ build: "bld_1" })).toEqual(made);
      expect(await claim("bld_1")).toMatchObject({
        outcome: "ok",
        build: { status: "running", epoch: 1, worker: "w" },
      });
      expect(await claim("bld_1", "other")).toEqual({ outcome: "refused" });
      expect(await claim("none")).toEqual({ outcome: "refused" });
      expect(await desk.store.builds.getBuild({ build: "none" })).toBeUndefined();
    });

    test("are refused when too many wait", async () => {
      await create("bld_1");
      const build = { id: "bld_2", target: "t", options: value({}), on, createdAt: start };
      expect(await desk.store.builds.createBuild({ by: ada, build, queuedMax: 1 })).toEqual({ outcome: "full" });
      await claim("bld_1");
      expect(await desk.store.builds.createBuild({ by: ada, build, queuedMax: 1 })).toMatchObject({ outcome: "ok" });
    });

    test("take what their worker says in order, and nothing of an epoch before or after the end", async () => {
      await create("bld_1");
      await claim("bld_1");
      await append("bld_1", 1, { events: [{ kind: "started", at: start + 2 }, output("a")] });
      await append("bld_1", 1, { events: [{ kind: "progress", at: start, done: 1, total: 2, message: "m" }] });
      expect(await append("bld_1", 2, { events: [output("x")] })).toEqual({ outcome: "stale" });
      const end: BuildEnd = { status: "completed", exitCode: 0, output: value(1) };
      const ended = await append("bld_1", 1, { events: [output("b")], end });
      expect(ended).toMatchObject({
        outcome: "ok",
        build: { status: "completed", end, endedAt: start + 2, startedAt: start + 2, done: 1, total: 2, message: "m" },
      });
      expect(await append("bld_1", 1, { events: [output("c")] })).toEqual({ outcome: "stale" });
      expect(await kinds("bld_1")).toEqual([
        "1 queued",
        "2 assigned",
        "3 started",
        "4 output",
        "5 progress",
        "6 output",
        "7 ended",
      ]);
      const [, , , first] = await desk.store.builds.readBuildEvents({
        build: "bld_1",
        after: 0,
        limit: 9,
        bytesMax: 9,
      });
      expect(first).toMatchObject({ epoch: 1, worker: "w", stream: "stdout", bytes: new Uint8Array([97]) });
    });

    test("let their oldest output go where there is too much", async () => {
      await create("bld_1");
      await claim("bld_1");
      const events = ["a", "b", "c"].map((letter) => output(letter.repeat(10)));
      const answer = await append("bld_1", 1, { events, keep: 20 });
      expect(answer).toMatchObject({ build: { outputBytes: 20, outputBytesSeen: 30 } });
      expect(await kinds("bld_1")).toEqual(["1 queued", "2 assigned", "4 output", "5 output"]);
    });

    test("read their events in pieces of so many bytes, one at least", async () => {
      await create("bld_1");
      await claim("bld_1");
      await append("bld_1", 1, { events: ["a", "b", "c"].map((letter) => output(letter.repeat(10))) });
      const read = (after: number, bytesMax: number, limit = 100) =>
        desk.store.builds
          .readBuildEvents({ build: "bld_1", after, limit, bytesMax })
          .then((events) => events.map(({ no }) => no));
      expect(await read(2, 20)).toEqual([3, 4]);
      expect(await read(4, 1)).toEqual([5]);
      expect(await read(0, 100, 1)).toEqual([1]);
      expect(await read(5, 100)).toEqual([]);
    });

    test("are taken back from a worker that is lost, and go to the next one under a higher epoch", async () => {
      await create("bld_1");
      await create("bld_2");
      await claim("bld_1");
      await claim("bld_2");
      await desk.store.builds.cancelBuild({ by: ada, build: "bld_2", now: start });
      await append("bld_1", 1, { events: [{ kind: "progress", at: start, done: 1, message: "m" }] });
      const { released } = await desk.store.builds.releaseBuilds({
        builds: [
          { build: "bld_1", epoch: 1 },
          { build: "bld_2", epoch: 1 },
          { build: "bld_1", epoch: 7 },
          { build: "none", epoch: 1 },
        ],
        why: "gone",
        now: start + 3,
      });
      expect(released.map(({ id, status }) => [id, status])).toEqual([
        ["bld_1", "queued"],
        ["bld_2", "cancelled"],
      ]);
      expect(released[0]?.done).toBeUndefined();
      expect(await append("bld_1", 1, { end: { status: "completed" } })).toEqual({ outcome: "stale" });
      expect(await claim("bld_1", "other")).toMatchObject({ build: { epoch: 2, worker: "other" } });
      expect(await kinds("bld_1")).toEqual(["1 queued", "2 assigned", "3 progress", "4 lost", "5 assigned"]);
    });

    test("end at once when they are cancelled while they wait, and as cancelled when their worker says so", async () => {
      await create("bld_1");
      await create("bld_2");
      await claim("bld_2");
      const cancel = (build: string) => desk.store.builds.cancelBuild({ by: outside, build, now: start });
      expect(await cancel("bld_1")).toMatchObject({ outcome: "ok", build: { status: "cancelled" } });
      expect(await cancel("bld_1")).toMatchObject({ outcome: "final" });
      expect(await cancel("none")).toEqual({ outcome: "not_found" });
      expect(await cancel("bld_2")).toMatchObject({ outcome: "ok", build: { status: "running", cancelling: true } });
      expect(await cancel("bld_2")).toMatchObject({ outcome: "ok", build: { events: 3 } });
      const ended = await append("bld_2", 1, { end: { status: "completed", exitCode: 0 } });
      expect(ended).toMatchObject({ build: { status: "cancelled", end: { status: "cancelled", exitCode: 0 } } });
    });

    test("are listed by time and status, in pages", async () => {
      for (const id of ["bld_1", "bld_2", "bld_3"]) await create(id);
      await claim("bld_2");
      const list = async (p: object) => {
        const { builds, next } = await desk.store.builds.listBuilds({ limit: 2, ...p });
        return [builds.map(({ id }) => id).join(" "), next];
      };
      expect(await list({})).toEqual(["bld_3 bld_2", "bld_2"]);
      expect(await list({ cursor: "bld_2" })).toEqual(["bld_1", undefined]);
      expect(await list({ order: "oldest" })).toEqual(["bld_1 bld_2", "bld_2"]);
      expect(await list({ order: "oldest", cursor: "bld_2" })).toEqual(["bld_3", undefined]);
      expect(await list({ status: "queued" })).toEqual(["bld_3 bld_1", "bld_1"]);
      expect(await list({ status: "running", order: "oldest" })).toEqual(["bld_2", undefined]);
    });

    test("are deleted with what was told of them, once they ended long ago", async () => {
      await create("bld_1");
      await create("bld_2");
      await desk.store.builds.cancelBuild({ by: ada, build: "bld_1", now: start });
      const sweep = (endedBefore: number) => desk.store.builds.sweepBuilds({ endedBefore, limit: 10 });
      expect(await sweep(start)).toEqual({ swept: 0 });
      expect(await sweep(start + 1)).toEqual({ swept: 1 });
      expect(await kinds("bld_1")).toEqual([]);
      expect(await kinds("bld_2")).toEqual(["1 queued"]);
    });
  });

  bindings(name, makeStore);
}

function bindings(name: string, makeStore: MakeStore): void {
  describe(`${name}: workers and their tokens`, () => {
    const desk = withStore(makeStore);
    const bind = (worker: string, token: string) =>
      desk.store.builds.bindWorker({
        by: outside,
        worker,
        token,
        credentialHash: `hash ${worker} ${token}`,
        now: start,
      });

    test("belong to each other once and for all", async () => {
      expect(await bind("a", "t1")).toMatchObject({ outcome: "ok", binding: { worker: "a", draining: false } });
      expect(await bind("a", "t1")).toMatchObject({ outcome: "bound", binding: { credentialHash: "hash a t1" } });
      expect(await bind("b", "t1")).toMatchObject({ outcome: "token_taken" });
      expect(await bind("a", "t2")).toMatchObject({ outcome: "worker_taken", binding: { token: "t1" } });
      await bind("b", "t2");
      const find = desk.store.builds.findWorker.bind(desk.store.builds);
      expect(await find({ credentialHash: "hash b t2" })).toMatchObject({ worker: "b" });
      expect(await find({ token: "t1" })).toMatchObject({ worker: "a" });
      expect(await find({ worker: "a" })).toMatchObject({ token: "t1" });
      expect(await find({ worker: "c" })).toBeUndefined();
      expect((await desk.store.builds.listWorkerBindings()).map(({ worker }) => worker)).toEqual(["a", "b"]);
    });

    test("one that was removed does not come back; its name is free for another token", async () => {
      await bind("a", "t1");
      const remove = () => desk.store.builds.removeWorker({ by: outside, worker: "a", now: start + 5 });
      expect(await remove()).toEqual({ outcome: "ok" });
      expect(await remove()).toEqual({ outcome: "not_found" });
      expect(await bind("a", "t1")).toMatchObject({ outcome: "removed", binding: { removedAt: start + 5 } });
      expect(await bind("a", "t2")).toMatchObject({ outcome: "ok", binding: { token: "t2" } });
    });

    test("remember that they are drained", async () => {
      const drain = (worker: string) =>
        desk.store.builds.drainWorker({ by: outside, worker, draining: true, now: start });
      expect(await drain("a")).toEqual({ outcome: "not_found" });
      await bind("a", "t1");
      expect(await drain("a")).toEqual({ outcome: "ok" });
      expect(await bind("a", "t1")).toMatchObject({ outcome: "bound", binding: { draining: true } });
    });

    test("leave rows in the audit trail, builds as well", async () => {
      await bind("a", "t1");
      await bind("a", "t1");
      await bind("b", "t1");
      await desk.store.builds.drainWorker({ by: outside, worker: "a", draining: true, now: start });
      await desk.store.builds.removeWorker({ by: outside, worker: "none", now: start });
      const build = { id: "bld_1", target: "t", options: value({}), on, createdAt: start };
      await desk.store.builds.createBuild({ by: outside, build, queuedMax: 1 });
      await desk.store.builds.createBuild({ by: outside, build: { ...build, id: "bld_2" }, queuedMax: 1 });
      await desk.store.builds.cancelBuild({ by: outside, build: "bld_1", now: start });
      const { records } = await desk.store.audit.searchAudit({ filter: {}, limit: 20 });
      expect(
        records.map(({ action, target, outcome, reason }) => [action, target, outcome, reason]).toReversed(),
      ).toEqual([
        ["worker:connect", "worker:a", "done", undefined],
        ["worker:connect", "worker:b", "refused", "token_taken"],
        ["worker:control", "worker:a", "done", undefined],
        ["worker:control", "worker:none", "refused", "worker_not_found"],
        ["build:start", "build:bld_1", "done", undefined],
        ["build:start", "build:bld_2", "refused", "builds_full"],
        ["build:cancel", "build:bld_1", "done", undefined],
      ]);
    });
  });
}
