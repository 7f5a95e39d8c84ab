import { expect, test } from "bun:test";
import { decodeErrorValue, encodeError, SluiceError } from "@sluice/protocol";
import type { EngineToWorker, ServiceReport } from "@sluice/protocol";
import { engineItself } from "../kernel/inner-actor.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import type { StoreOp } from "../kernel/run-store.ts";
import { Deployments } from "./deployments.ts";
import { Facilities } from "./facilities.ts";

const by = { kind: "user", id: "ada" } as const;
const plan = { name: "payments", threshold: 1, recovery: 100, probes: 1 };
const slack: ServiceReport = {
  id: "slack",
  name: "Slack",
  version: "1",
  status: "running",
  since: 1,
  calls: 0,
  failures: 0,
};

function desk(read?: (name: string) => Promise<string | undefined>) {
  const sent: (readonly [string, EngineToWorker])[] = [];
  const deployments = new Deployments();
  const clock = new SimulatedClock(1_000);
  const store = new MemoryRunStore();
  const next = Promise.withResolvers<void>();
  const facilities = new Facilities(
    {
      deployments,
      clock,
      store,
      send: (worker, message) => {
        sent.push([worker, message]);
        next.resolve();
      },
    },
    read === undefined ? undefined : { read: ({ name }) => read(name) },
  );
  const add = (id: string): void =>
    deployments.add({
      link: { id, send: () => undefined },
      version: "v",
      workflows: new Map(),
      quarantine: false,
      remote: false,
      slots: 1,
    });
  return { sent, deployments, facilities, store, clock, add, answered: next.promise };
}
const reveal = { type: "reveal", request: "s1", name: "a" } as const;
const admit = { type: "admit", request: "b1", breaker: plan } as const;

test("a value goes to whoever asked and to nobody else", async () => {
  const { sent, facilities, answered } = desk(async (name) => `value of ${name}`);
  facilities.receive("w1", reveal);
  await answered;
  expect(sent).toEqual([["w1", { type: "revealed", request: "s1", value: "value of a" }]]);
});

test("runs that have completed are over; those that failed or are not known may go on", async () => {
  const { sent, facilities, answered, store } = desk();
  const run = { workflow: "w", version: "v", input: new Uint8Array(), priority: 0, tags: [], createdAt: 1, dueAt: 1 };
  for (const id of ["done", "failed", "open"]) await store.createRun({ by, run: { ...run, id }, now: 1 });
  for (const { run: claimed } of await store.claimRuns({
    by: engineItself,
    owner: "e",
    limit: 2,
    now: 1,
    journalBytesMax: 1_000,
  })) {
    const error = encodeError(new Error("no"));
    const finish: StoreOp =
      claimed.id === "done"
        ? { op: "finish", status: "completed", output: error }
        : { op: "finish", status: "failed", reason: "error", error };
    await store.append({ by: engineItself, run: claimed.id, epoch: claimed.epoch, ops: [finish], now: 2 });
  }
  facilities.receive("w1", { type: "past", request: "c1", runs: ["done", "failed", "open", "elsewhere"] });
  await answered;
  expect(sent).toEqual([["w1", { type: "passed", request: "c1", runs: ["done"] }]]);
});

test("where there is none, or no store at all, the answer has neither value nor error", async () => {
  for (const { sent, facilities, answered } of [desk(async () => undefined), desk()]) {
    facilities.receive("w1", reveal);
    await answered;
    expect(sent).toEqual([["w1", { type: "revealed", request: "s1" }]]);
  }
});

test("a secret that cannot be opened, and a store that cannot be asked, are answers too", async () => {
  for (const [message, code] of [
    [reveal, "secret_unreadable"],
    [admit, "store_failed"],
  ] as const) {
    const { sent, facilities, store, answered } = desk(async () => {
      throw new SluiceError({ code: "secret_unreadable", message: "no key" });
    });
    await store.close();
    facilities.receive("w1", message);
    await answered;
    const [, answer] = sent[0] ?? [];
    const error = answer !== undefined && "error" in answer ? answer.error : undefined;
    expect(decodeErrorValue(error ?? new Uint8Array(0)).code).toBe(code);
  }
});

test("a change of secrets is told to every worker", () => {
  const { sent, facilities, add } = desk();
  add("w1");
  add("w2");
  facilities.secretsChanged(["a"]);
  expect(sent).toEqual(["w1", "w2"].map((id) => [id, { type: "refresh", secrets: ["a"] }]));
});

test("an attempt is let in, or told when to ask again; one closed by hand lets in again", async () => {
  const { sent, facilities, store, answered } = desk();
  facilities.receive("w1", admit);
  await answered;
  expect(sent).toEqual([["w1", { type: "admitted", request: "b1", round: 0 }]]);
  expect(await facilities.resetBreaker({ by, name: "payments" })).toMatchObject({ ok: true });
  expect(await facilities.resetBreaker({ by, name: "nothing" })).toMatchObject({
    error: { code: "breaker_not_found" },
  });
  expect(await store.enterBreaker({ by: engineItself, plan, now: 1_000 })).toEqual({ outcome: "in", round: 1 });
  expect((await facilities.breakers()).map(({ name }) => name)).toEqual(["payments"]);
});

test("services are known for as long as their worker is here", () => {
  const { facilities, deployments, add } = desk();
  add("w1");
  facilities.receive("w1", { type: "services", services: [slack] });
  facilities.receive("gone", { type: "services", services: [slack] });
  expect(facilities.services).toEqual([{ ...slack, worker: "w1" }]);
  deployments.remove("w1");
  expect(facilities.services).toEqual([]);
});
