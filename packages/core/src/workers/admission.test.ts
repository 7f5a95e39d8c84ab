// Who comes in as whom: tokens, credentials, names and labels.
import { expect, test } from "bun:test";
import { Admitter } from "./admission.ts";
import { FleetDesk } from "./fleet.fixture.suite.ts";

function bench() {
  const desk = new FleetDesk();
  const admitter = new Admitter(desk.parts);
  const admit = (worker: string, token?: string, more: object = {}) =>
    admitter.admit({ worker_id: worker, capabilities: [], token, ...more } as never, undefined);
  return { desk, admit };
}

test("a token gets a credential once, and both are good for one name", async () => {
  const { admit } = bench();
  const first = await admit("a", "t1");
  if (!first.ok) throw new Error(first.reason);
  expect(first.credential).toStartWith("sluice_wc_");
  expect(await admit("a", "t1")).not.toHaveProperty("credential");
  expect(await admit("a", first.credential)).toMatchObject({ ok: true, permit: { token: "t1" } });
  for (const [name, shown, reason] of [
    ["b", "t1", "another worker_id"],
    ["b", first.credential, "another worker_id"],
    ["a", "t2", "another token"],
    ["a", undefined, "another token"],
    ["a", "sluice_wc_none", "not one of this server"],
    ["c", "bad", "not one of this server"],
    ["x".repeat(201), "t3", "200 characters"],
  ] as const) {
    expect(await admit(name, shown)).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  }
});

test("where nobody has to show anything any name is anybody's", async () => {
  const { desk, admit } = bench();
  await admit("a", "t1");
  desk.door.permits.set("", { open: true });
  expect(await admit("a")).toMatchObject({ ok: true });
});

test("one that was removed comes back with neither, and drained it stays", async () => {
  const { desk, admit } = bench();
  const by = { kind: "user", id: "ada" } as const;
  const first = await admit("a", "t1");
  const credential = first.ok ? first.credential : undefined;
  await desk.store.builds.drainWorker({ by, worker: "a", draining: true, now: 1 });
  expect(await admit("a", "t1")).toMatchObject({ draining: true });
  expect(await admit("a", credential)).toMatchObject({ draining: true });
  await desk.store.builds.removeWorker({ by, worker: "a", now: 1 });
  for (const shown of ["t1", credential]) expect(await admit("a", shown)).toMatchObject({ ok: false });
  expect(await admit("a", "t2")).toMatchObject({ ok: true });
});

test("labels that the token does not allow are refused; what a worker says of its own machine is not asked", async () => {
  const { desk, admit } = bench();
  desk.door.permits.set("t1", { labels: ["gpu", "zone=*"] });
  expect(await admit("a", "t1", { labels: ["zone=eu", "gpu", "os=linux", "arch=arm64"] })).toMatchObject({ ok: true });
  expect(await admit("a", "t1", { labels: ["fast"] })).toMatchObject({ ok: false });
});
