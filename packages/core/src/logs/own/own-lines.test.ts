import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { engineItself } from "../../kernel/inner-actor.ts";
import type { StoreOp } from "../../kernel/run-store.ts";
import { MemoryRunStore, SimulatedClock } from "../../testing/index.ts";
import { logLimits } from "../limits.ts";
import { parseQuery } from "../query/parse.ts";
import { LogFolder } from "../storage/folder.fixture.suite.ts";
import { LogStore } from "../storage/log-store.ts";
import { OwnLines, ownTenants } from "./own-lines.ts";

const startMs = Date.UTC(2026, 2, 4, 12);
const ada = { kind: "user", id: "ada", origin: {} } as const;

/** Runs in a store, and logs that follow them. */
class Rig implements AsyncDisposable {
  readonly folder = new LogFolder();
  readonly clock = new SimulatedClock(startMs);
  readonly runs = new MemoryRunStore();
  readonly said: string[] = [];
  readonly #listeners = new Set<(run: string) => void>();
  store!: LogStore;
  own!: OwnLines;

  static async open(): Promise<Rig> {
    const rig = new Rig();
    const { folder, clock } = rig;
    rig.store = await LogStore.open({ folder: folder.path, clock, log: () => undefined, limits: logLimits });
    rig.follow();
    return rig;
  }

  follow(): void {
    const { clock, store, runs } = this;
    const onRun = (listener: (run: string) => void): (() => void) => {
      this.#listeners.add(listener);
      return () => void this.#listeners.delete(listener);
    };
    const log = (_level: string, message: string): void => void this.said.push(message);
    this.own = new OwnLines({
      trail: { runs, audit: runs.audit, builds: runs.builds, onRun },
      store,
      clock,
      log,
      limits: logLimits,
    });
    this.own.start();
  }

  tell(run: string): void {
    for (const listener of this.#listeners) listener(run);
  }

  async begin(id: string): Promise<void> {
    const now = this.clock.now();
    const input = encodeValue(null);
    const run = { id, workflow: "order", version: "v1", input, priority: 0, tags: [], createdAt: now, dueAt: now };
    await this.runs.createRun({ by: ada, run, claim: { owner: "e" }, now });
    this.tell(id);
  }

  async append(run: string, ...ops: readonly StoreOp[]): Promise<void> {
    const epoch = (await this.runs.getRun({ run }))?.epoch ?? 0;
    const { outcome } = await this.runs.append({ by: engineItself, run, epoch, ops, now: this.clock.now() });
    expect(outcome).toBe("ok");
    this.tell(run);
  }

  step(seq: number, name: string): StoreOp {
    const at = this.clock.now();
    return { op: "done", seq, kind: "step", name, n: 0, attempt: 1, at, value: encodeValue(seq) };
  }

  async lines(tenant: string = ownTenants.runs): Promise<string[]> {
    const { entries = [] } = await this.store.query({ tenant, query: parseQuery("*", startMs) });
    return entries.toSorted((a, b) => a.seq - b.seq).map(({ line }) => line);
  }

  /** Waits for as many lines; time goes on meanwhile. */
  async until(count: number, tenant?: string): Promise<string[]> {
    for (;;) {
      const found = await this.lines(tenant);
      if (found.length >= count) return found;
      this.clock.advance(1_000);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.own.stop();
    await this.store.close();
    this.folder[Symbol.dispose]();
  }
}

const logged = (message: string): StoreOp => ({ op: "log", level: "info", message, at: startMs });

describe("the product's own lines", () => {
  test("go in as runs go on, each once", async () => {
    await using rig = await Rig.open();
    await rig.begin("r1");
    expect(await rig.until(2)).toEqual(["run created", "run started"]);
    await rig.append("r1", rig.step(0, "charge"), logged("charged"));
    await rig.until(4);
    expect((await rig.lines()).slice(2).toSorted()).toEqual(["charged", "step charge completed"]);
    await rig.append("r1", { op: "finish", status: "completed", output: encodeValue(1) });
    expect((await rig.until(5)).at(-1)).toBe("run completed");
    rig.tell("r1");
    await rig.begin("r2");
    expect(await rig.until(7)).toHaveLength(7);
    expect(rig.said).toEqual([]);
  });

  test("go on where they were after they were stopped, with what happened meanwhile", async () => {
    await using rig = await Rig.open();
    await rig.begin("r1");
    await rig.until(2);
    await rig.own.stop();
    await rig.append("r1", rig.step(0, "charge"));
    await rig.append("r1", { op: "finish", status: "completed", output: encodeValue(1) });
    await rig.begin("r2");
    rig.follow();
    const lines = await rig.until(6);
    expect(lines.toSorted()).toEqual(
      ["run completed", "run created", "run created", "run started", "run started", "step charge completed"].toSorted(),
    );
  });

  test("of the audit trail are those from the first use on, in their own tenant", async () => {
    await using rig = await Rig.open();
    await rig.begin("r1");
    await rig.until(2);
    const by = { kind: "user", id: "ada", origin: {} } as const;
    const note = { at: startMs, by, action: "user:disable", target: "user:u1", outcome: "done" } as const;
    await rig.runs.audit.recordAudit({ note });
    expect(await rig.until(1, ownTenants.audit)).toEqual(["user:disable user:u1 done"]);
    await rig.own.stop();
    await rig.runs.audit.recordAudit({ note: { ...note, target: "user:u2" } });
    rig.follow();
    expect(await rig.until(2, ownTenants.audit)).toEqual(["user:disable user:u1 done", "user:disable user:u2 done"]);
    expect(await rig.lines()).not.toContain("user:disable user:u1 done");
  });

  test("that cannot be written are told once, and written later", async () => {
    await using rig = await Rig.open();
    await rig.begin("r1");
    await rig.until(2);
    const append = rig.store.append.bind(rig.store);
    const refused: unknown[] = [];
    rig.store.append = (batch) => {
      refused.push(batch);
      return Promise.reject(new Error("the disk is full"));
    };
    await rig.append("r1", logged("later"));
    while (refused.length < 3) {
      rig.clock.advance(1_000);
      await rig.lines();
    }
    rig.store.append = append;
    expect((await rig.until(3)).at(-1)).toBe("later");
    expect(rig.said).toEqual(["own lines could not be written to the logs"]);
  });
});
