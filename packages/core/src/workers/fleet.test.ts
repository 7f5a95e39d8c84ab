// The workers as a whole: who is there, what is given to whom, and what is left of those who go.
import { describe, expect, test } from "bun:test";
import { FleetDesk } from "./fleet.fixture.suite.ts";
import type { OtherWork } from "./ports.ts";

const by = { kind: "user", id: "ada" } as const;

describe("a worker that goes", () => {
  test("has the grace to come back, then its builds are given out again", async () => {
    const desk = await new FleetDesk().start();
    const line = await desk.worker("a");
    const build = await desk.build();
    line.cut();
    await desk.advance(499);
    expect(await desk.status(build)).toBe("running a 1");
    await desk.advance(1);
    expect(await desk.status(build)).toBe("queued a 1");
    await desk.worker("b");
    await desk.settle();
    expect(await desk.status(build)).toBe("running b 2");
  });

  test("that is removed or whose token ends is cut off at once, and its builds are given out again", async () => {
    const desk = await new FleetDesk().start();
    const [a, b] = [await desk.worker("a", { token: "t1" }), await desk.worker("b", { token: "t2" })];
    const builds = [await desk.build(), await desk.build()];
    expect(await desk.fleet.remove({ by, worker: "a" })).toMatchObject({ ok: true });
    desk.door.ends.get("t2")?.("revoked");
    await desk.settle();
    expect([a.closed, b.closed, desk.fleet.workers.length]).toEqual([true, true, 0]);
    for (const build of builds) expect(await desk.status(build)).toStartWith("queued");
    expect(b.heard().at(-1)).toEqual(["ERROR", expect.objectContaining({ code: "token_ended" })]);
  });
});

describe("what a server left", () => {
  test("is taken up by the next: who comes back goes on, the rest is given out again after the grace", async () => {
    const first = await new FleetDesk().start();
    await first.worker("a", { heartbeat_ms: 5_000, slots: 3 });
    const [kept, lost, waiting] = [
      await first.build(),
      await first.build(),
      await first.build({ on: { capabilities: [], labels: ["gpu"] } }),
    ];
    first.fleet.stop();
    const second = new FleetDesk();
    Object.assign(second.parts, { store: first.store });
    const { Fleet } = await import("./fleet.ts");
    const fleet = new Fleet(second.parts);
    await fleet.start();
    const desk = Object.assign(second, { fleet, store: first.store });
    const back = await desk.worker("a", { heartbeat_ms: 5_000, slots: 3, running: [{ build_id: kept, epoch: 1 }] });
    await desk.advance(500);
    expect([await desk.status(kept), await desk.status(lost)]).toEqual(["running a 1", "running a 2"]);
    back.say("BUILD_COMPLETED", { build_id: kept, status: "success", epoch: 1 });
    await desk.settle();
    expect([await desk.status(kept), await desk.status(waiting)]).toEqual(["completed a 1", "queued - 0"]);
    await desk.worker("g", { labels: ["gpu"] });
    await desk.settle();
    expect(await desk.status(waiting)).toBe("running g 1");
  });

  test("is given up after the grace when nobody comes", async () => {
    const first = await new FleetDesk().start();
    await first.worker("a");
    const build = await first.build();
    first.fleet.stop();
    const { Fleet } = await import("./fleet.ts");
    const fleet = new Fleet(first.parts);
    await fleet.start();
    await first.advance(500);
    expect(await first.status(build)).toBe("queued a 1");
  });
});

describe("other work than builds", () => {
  function recorder(): OtherWork & { readonly told: string[] } {
    const told: string[] = [];
    return {
      told,
      joined: ({ id }) => void told.push(`joined ${id}`),
      received: ({ id }, { type }) => void told.push(`${id} said ${type.toString(16)}`),
      draining: ({ id }) => void told.push(`draining ${id}`),
      left: ({ id }, { why }) => void told.push(`left ${id}: ${why}`),
    };
  }

  test("is for workers that announced a heartbeat; a basic one neither hears nor says anything of it", async () => {
    const work = recorder();
    const desk = await new FleetDesk().start(work);
    const [ours, basic] = [await desk.worker("ours", { heartbeat_ms: 5_000 }), await desk.worker("basic")];
    ours.frame(0x62, {});
    const asked = basic.frame(0x62, {});
    await desk.settle();
    for (const worker of desk.fleet.workers) worker.send(0x61, { a: 1 });
    expect(ours.heard()).toEqual([["97", { a: 1 }]]);
    expect(basic.heard()).toEqual([
      ["ERROR", expect.objectContaining({ request_id: asked, code: "message_unknown_type" })],
    ]);
    await desk.fleet.drain({ by, worker: "ours" });
    ours.cut();
    await desk.advance(500);
    expect(work.told).toEqual(["joined ours", "ours said 62", "draining ours", "left ours: the connection was closed"]);
  });

  test("is not there where nobody gives any", async () => {
    const desk = await new FleetDesk().start();
    const ours = await desk.worker("ours", { heartbeat_ms: 5_000 });
    ours.frame(0x62, {});
    await desk.settle();
    expect(ours.heard()).toEqual([["ERROR", expect.objectContaining({ code: "message_unknown_type" })]]);
  });
});

test("more connections than there may be are refused, and none are taken by a server that stops", async () => {
  const desk = await new FleetDesk({ remoteWorkersMax: 1 }).start();
  await desk.worker("a");
  const second = desk.line();
  expect(second.heard()[0]).toMatchObject(["HELLO_ACK", { accepted: false }]);
  desk.fleet.stop();
  expect(desk.line().heard()[0]).toMatchObject(["ERROR", { code: "draining" }]);
});

test("builds that ended long ago are forgotten", async () => {
  const desk = await new FleetDesk({ buildRetentionMs: 100_000 }).start();
  const build = await desk.build();
  await desk.fleet.builds.cancel({ by, build });
  await desk.advance(60_000);
  expect(await desk.status(build)).toStartWith("cancelled");
  await desk.advance(60_000);
  expect(await desk.status(build)).toStartWith("undefined");
});
