import { describe, expect, test } from "bun:test";
import { fail, ok } from "../kernel/result.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { SimulatedClock } from "../testing/index.ts";
import { terminalLimits } from "./limits.ts";
import type { PtyEvents } from "./ports.ts";
import { Recordings } from "./recording/recordings.ts";
import { DirectScreens } from "./screens.suite.ts";
import { Terminals } from "./terminals.ts";

const by = { kind: "user", id: "ada", origin: {} } as const;
const one = {
  by,
  command: ["sh"],
  cwd: undefined,
  runAs: undefined,
  env: {},
  cols: 80,
  rows: 24,
  name: undefined,
  start: true,
  record: "nothing",
} as const;

/** One that nobody records into here: server/src/terminals has a real one. */
const noFolder = {
  create: () => ({ append: async () => undefined, close: async () => undefined }),
  resume: () => ({ append: async () => undefined, close: async () => undefined }),
  list: async () => [],
  read: async () => undefined,
  remove: async () => false,
};

function open(limits: Partial<typeof terminalLimits> = {}) {
  const clock = new SimulatedClock(1_000);
  const { audit } = new MemoryRunStore();
  const programs: { events: PtyEvents; told: string[] }[] = [];
  let ids = 0;
  const terminals = new Terminals({
    clock,
    audit,
    log: () => undefined,
    screens: new DirectScreens().screens,
    limits: { ...terminalLimits, ...limits },
    newId: () => `term_${++ids}`,
    recordings: new Recordings({ folder: noFolder, clock, limits: terminalLimits }),
    secrets: async () => [],
    ptys: {
      held: async () => [],
      leave: () => false,
      spawn: async ({ command }, events) => {
        if (command[0] === "none") return fail({ code: "bad_request", message: "There is no such program." });
        const told: string[] = [];
        programs.push({ events, told });
        events.begun({
          pid: 7,
          answer: () => undefined,
          keep: () => undefined,
          describe: () => undefined,
          forget: () => undefined,
          write: () => undefined,
          resize: () => undefined,
          pause: () => true,
          resume: () => undefined,
          hangUp: () => void told.push("hang up"),
          killSession: () => void told.push("kill"),
          close: () => void told.push("close"),
        });
        return ok(true);
      },
    },
  });
  const rows = async () =>
    (await audit.readAudit({ after: 0, limit: 99 })).map(
      ({ action, target, outcome }) => `${action} ${target} ${outcome}`,
    );
  return { clock, terminals, programs, rows };
}

describe("terminals", () => {
  test("are begun and ended between an intent and its outcome in the audit trail", async () => {
    const { terminals, programs, rows } = open();
    expect((await terminals.create({ ...one, command: ["/bin/sh", "-l"] })).ok).toBeTrue();
    expect(terminals.list()).toMatchObject([{ name: "sh", status: "running" }]);
    await terminals.rename({ by, id: "term_1", name: "mine" });
    await terminals.noteViewer({ by, id: "term_1", role: "viewer" });
    expect((await terminals.end({ by, id: "term_1" })).ok).toBeTrue();
    expect([terminals.list(), programs[0]?.told]).toEqual([[], ["hang up"]]);
    expect(await rows()).toEqual([
      "terminal:create terminal:term_1 intended",
      "terminal:create terminal:term_1 done",
      "terminal:rename terminal:term_1 intended",
      "terminal:rename terminal:term_1 done",
      "terminal:attach terminal:term_1 done",
      "terminal:end terminal:term_1 intended",
      "terminal:end terminal:term_1 done",
    ]);
    expect(await terminals.end({ by, id: "term_1" })).toMatchObject({ error: { code: "terminal_not_found" } });
  });

  test("that cannot be begun leave nothing but their refusal", async () => {
    const { terminals, rows } = open();
    expect(await terminals.create({ ...one, command: ["none"] })).toMatchObject({ error: { code: "bad_request" } });
    expect(terminals.list()).toEqual([]);
    expect((await rows()).at(-1)).toBe("terminal:create terminal:term_1 failed");
  });

  test("can be made without a program, which begins later, once", async () => {
    const { terminals, programs } = open();
    await terminals.create({ ...one, start: false });
    expect([terminals.list()[0]?.status, programs.length]).toEqual(["created", 0]);
    expect((await terminals.start({ by, id: "term_1" })).ok).toBeTrue();
    expect(terminals.list()[0]?.status).toBe("running");
    expect(await terminals.start({ by, id: "term_1" })).toMatchObject({ error: { code: "conflict" } });
  });

  test("are no more than the limit; those that have ended make room", async () => {
    const { terminals, programs } = open({ terminalsMax: 2 });
    await terminals.create(one);
    await terminals.create(one);
    expect(await terminals.create(one)).toMatchObject({ error: { code: "terminals_full" } });
    programs[0]?.events.exited({ exitCode: 0, signal: undefined });
    programs[0]?.events.closed();
    expect((await terminals.create(one)).ok).toBeTrue();
    expect(terminals.list().map(({ facts }) => facts.id)).toEqual(["term_2", "term_3"]);
  });

  test("that have ended are shown for a while with their exit code; idle ones are ended where that is wanted", async () => {
    const { clock, terminals, programs } = open({ terminalEndedKeptMs: 100_000, terminalIdleMs: 200_000 });
    await terminals.create(one);
    await terminals.create(one);
    programs[0]?.events.exited({ exitCode: 3, signal: undefined });
    programs[0]?.events.closed();
    expect(terminals.list()[0]).toMatchObject({ status: "exited", end: { exitCode: 3 } });
    for (let at = 1_000; at <= 150_000; at += 10_000) clock.advanceTo(at);
    expect(terminals.list().map(({ facts }) => facts.id)).toEqual(["term_2"]);
    for (let at = 150_000; at <= 300_000; at += 10_000) clock.advanceTo(at);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    expect(terminals.list()).toEqual([]);
    expect(programs[1]?.told).toEqual(["hang up"]);
  });

  test("all end with the server, at once", async () => {
    const { terminals, programs } = open();
    await terminals.create(one);
    terminals.stop();
    expect(programs[0]?.told).toEqual(["hang up", "kill"]);
    expect(await terminals.create(one)).toMatchObject({ error: { code: "draining" } });
  });
});
