// The contract of the worker protocol: builds, state, locks and resources, as a worker of another make meets them.
import { describe, expect, test } from "bun:test";
import { token } from "../http-fixture.ts";
import { Rig } from "./rig.suite.ts";

describe("builds", () => {
  test("a build goes to a worker, says what it does as it does it, and ends", async () => {
    await using rig = await Rig.make();
    const worker = await rig.worker("w");
    const build = await rig.build({ target: "web#build", options: { command: ["npm", "run", "build"], cwd: "web" } });
    const { payload } = await worker.next("BUILD_REQUEST");
    expect(payload).toEqual({
      build_id: build,
      target: "web#build",
      options: { command: ["npm", "run", "build"], cwd: "web" },
      epoch: 1,
    });
    worker.send("BUILD_STARTED", { build_id: build, pid: 42 });
    worker.send("BUILD_PROGRESS", { build_id: build, done: 1, total: 2, message: "half" });
    worker.send("BUILD_PROGRESS", { build_id: build, stream: "stderr", chunk: "careful\n" });
    worker.send("BUILD_COMPLETED", {
      build_id: build,
      status: "success",
      exit_code: 0,
      output: { tests: 3 },
      epoch: 1,
    });
    expect(await rig.until(build, "completed")).toMatchObject({
      worker: "w",
      exitCode: 0,
      output: { tests: 3 },
      done: 1,
      total: 2,
      message: "half",
      outputBytes: 8,
    });
    const { body } = await rig.fixture.get(`/api/v1/builds/${build}/events`);
    const events = [...String(body).matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, kind, data]) => [kind, data]);
    expect(events.map(([kind]) => kind)).toEqual(["queued", "assigned", "started", "progress", "output", "ended"]);
    expect(JSON.parse(events[4]![1]!)).toMatchObject({ stream: "stderr", text: "careful\n", worker: "w", epoch: 1 });
  });

  test("one that fails says why", async () => {
    await using rig = await Rig.make();
    const worker = await rig.worker("w");
    const build = await rig.build();
    await worker.next("BUILD_REQUEST");
    const error = { code: "build_failed", message: "The command ended with 2." };
    worker.send("BUILD_FAILED", { build_id: build, status: "failed", exit_code: 2, error });
    expect(await rig.until(build, "failed")).toMatchObject({ exitCode: 2, error });
  });

  test("one that is cancelled ends when its worker says so, one that waits at once", async () => {
    await using rig = await Rig.make();
    const worker = await rig.worker("w");
    const [first, second] = [await rig.build(), await rig.build()];
    await worker.next("BUILD_REQUEST");
    expect((await rig.fixture.post(`/api/v1/builds/${second}/cancel`)).body.build).toMatchObject({
      status: "cancelled",
    });
    expect((await rig.fixture.post(`/api/v1/builds/${first}/cancel`)).body.build).toMatchObject({
      status: "running",
      cancelling: true,
    });
    expect((await worker.next("BUILD_CANCEL")).payload).toMatchObject({ build_id: first });
    worker.send("BUILD_FAILED", { build_id: first, status: "failed" });
    await rig.until(first, "cancelled");
    expect((await rig.fixture.post(`/api/v1/builds/${first}/cancel`)).body.error.code).toBe("build_is_final");
    expect((await rig.fixture.post("/api/v1/builds/none/cancel")).body.error.code).toBe("build_not_found");
  });

  test("one whose worker does not end it ends after a grace, and its slot is taken until the worker says so", async () => {
    await using rig = await Rig.make({ limits: { buildCancelGraceMs: 20 } });
    const worker = await rig.worker("w");
    const [first, second] = [await rig.build(), await rig.build()];
    await worker.next("BUILD_REQUEST");
    await rig.fixture.post(`/api/v1/builds/${first}/cancel`);
    await rig.until(first, "cancelled");
    await worker.next("BUILD_CANCEL");
    expect(await rig.shown(second)).toMatchObject({ status: "queued" });
    expect(await worker.ask("BUILD_COMPLETED", { build_id: first, status: "success" }, "ERROR")).toMatchObject({
      code: "stale_epoch",
    });
    expect((await worker.next("BUILD_REQUEST")).payload["build_id"]).toBe(second);
  });

  test("one that takes longer than it may has failed", async () => {
    await using rig = await Rig.make();
    const worker = await rig.worker("w");
    const build = await rig.build({ target: "t", options: { timeout_ms: 20 } });
    await worker.next("BUILD_REQUEST");
    await worker.next("BUILD_CANCEL");
    expect(await rig.until(build, "failed")).toMatchObject({ error: { code: "timeout" } });
  });

  test("a worker gets what it can, may and has room for", async () => {
    await using rig = await Rig.make();
    const on = { capabilities: ["docker"], labels: ["gpu", "arch=arm64"], runtime: "python" };
    const build = await rig.build({ target: "t", on });
    const other = await rig.worker("other", { labels: ["gpu"], capabilities: ["build", "docker"] });
    const tasks = await rig.worker("tasks", { capabilities: ["task"], heartbeat_ms: 5_000, slots: 4 });
    const fits = await rig.worker("fits", { labels: ["gpu", "arch=arm64"], capabilities: ["build", "docker"] });
    expect((await fits.next("BUILD_REQUEST")).payload["build_id"]).toBe(build);
    const plain = await rig.build();
    expect((await other.next("BUILD_REQUEST")).payload["build_id"]).toBe(plain);
    const waiting = await rig.build();
    fits.send("BUILD_COMPLETED", { build_id: build, status: "success" });
    expect((await fits.next("BUILD_REQUEST")).payload["build_id"]).toBe(waiting);
    tasks.destroy();
  });

  test("a worker with slots gets as many, and the idler one first", async () => {
    await using rig = await Rig.make();
    const [a, b] = [
      await rig.worker("a", { heartbeat_ms: 5_000, slots: 2 }),
      await rig.worker("b", { heartbeat_ms: 5_000, slots: 2 }),
    ];
    for (let count = 0; count < 4; count++) await rig.build();
    for (const worker of [a, b, a, b]) await worker.next("BUILD_REQUEST");
    expect((await rig.fixture.get("/api/v1/workers")).body.workers).toMatchObject([{ busy: 2 }, { busy: 2 }]);
  });

  test("a drained worker finishes what it has and gets no more; one that is removed does not come back", async () => {
    await using rig = await Rig.make();
    const joining = await rig.token("w");
    const worker = await rig.worker("w", { token: joining });
    const build = await rig.build();
    await worker.next("BUILD_REQUEST");
    expect((await rig.fixture.post("/api/v1/workers/w/drain")).status).toBe(204);
    worker.send("BUILD_COMPLETED", { build_id: build, status: "success" });
    await rig.until(build, "completed");
    const next = await rig.build();
    expect(await rig.shown(next)).toMatchObject({ status: "queued" });
    expect((await rig.fixture.get("/api/v1/workers")).body.workers).toMatchObject([{ id: "w", status: "draining" }]);
    expect((await rig.fixture.send("/api/v1/workers/w", { method: "DELETE" })).status).toBe(204);
    expect((await worker.next("ERROR")).payload).toMatchObject({ code: "worker_removed" });
    await worker.untilClosed();
    expect(await rig.refused("w", { token: joining })).toContain("The worker w was removed.");
    expect((await rig.fixture.send("/api/v1/workers/w", { method: "DELETE" })).body.error.code).toBe(
      "worker_not_found",
    );
    const another = await rig.worker("w", { token: await rig.token("again") });
    expect((await another.next("BUILD_REQUEST")).payload["build_id"]).toBe(next);
  });

  test("output of ten megabytes arrives whole", async () => {
    await using rig = await Rig.make();
    const worker = await rig.worker("w");
    const build = await rig.build();
    await worker.next("BUILD_REQUEST");
    const chunk = new Uint8Array(1024 * 1024).map((_, index) => index);
    for (let count = 0; count < 10; count++)
      worker.send("BUILD_PROGRESS", { build_id: build, stream: "stdout", chunk });
    worker.send("BUILD_COMPLETED", { build_id: build, status: "success" });
    expect(await rig.until(build, "completed")).toMatchObject({ outputBytes: 10 * 1024 * 1024 });
    const kept: Uint8Array[] = [];
    for (let after = 0; ;) {
      const events = await rig.fixture.store.builds.readBuildEvents({ build, after, limit: 100, bytesMax: 1_000_000 });
      if (events.length === 0) break;
      after = events.at(-1)!.no;
      for (const { bytes } of events) if (bytes !== undefined) kept.push(bytes);
    }
    const whole = Buffer.concat(kept);
    expect(whole.length).toBe(10 * chunk.length);
    for (let at = 0; at < whole.length; at += chunk.length) {
      expect(Buffer.compare(whole.subarray(at, at + chunk.length), chunk)).toBe(0);
    }
  });

  test("more output than is kept lets the oldest go, and says so", async () => {
    await using rig = await Rig.make({ limits: { buildOutputBytesMax: 200_000 } });
    const worker = await rig.worker("w");
    const build = await rig.build();
    await worker.next("BUILD_REQUEST");
    for (let count = 0; count < 10; count++) {
      worker.send("BUILD_PROGRESS", { build_id: build, chunk: String(count).repeat(64 * 1024) });
    }
    worker.send("BUILD_COMPLETED", { build_id: build, status: "success" });
    const shown = await rig.until(build, "completed");
    expect(shown.outputBytes).toBeLessThanOrEqual(200_000);
    expect(shown.outputBytesSeen).toBe(10 * 64 * 1024);
    const { body } = await rig.fixture.get(`/api/v1/builds/${build}/events`);
    expect(body).toContain("event: gap");
    expect(body).toContain("9".repeat(64 * 1024));
  });
});

describe("losing a worker", () => {
  test("what it had is given out again under a higher epoch after the grace, and what it says later is refused", async () => {
    await using rig = await Rig.make({ limits: { reconnectGraceMs: 30 } });
    const first = await rig.worker("a");
    const build = await rig.build();
    await first.next("BUILD_REQUEST");
    const second = await rig.worker("b");
    first.destroy();
    expect((await second.next("BUILD_REQUEST")).payload).toMatchObject({ build_id: build, epoch: 2 });
    const back = await rig.worker("a");
    expect(await back.ask("BUILD_COMPLETED", { build_id: build, status: "success", epoch: 1 }, "ERROR")).toMatchObject({
      code: "stale_epoch",
    });
    expect(await rig.shown(build)).toMatchObject({ status: "running", worker: "b", epoch: 2 });
    second.send("BUILD_COMPLETED", { build_id: build, status: "success", epoch: 2 });
    await rig.until(build, "completed");
  });

  test("one that comes back in time keeps what it announces, and loses what it does not", async () => {
    await using rig = await Rig.make({ limits: { reconnectGraceMs: 10_000 } });
    const hello = { heartbeat_ms: 5_000, slots: 2 };
    const first = await rig.worker("a", hello);
    const [kept, lost] = [await rig.build(), await rig.build()];
    for (let count = 0; count < 2; count++) await first.next("BUILD_REQUEST");
    first.destroy();
    const back = await rig.worker("a", { ...hello, running: [{ build_id: kept, epoch: 1 }] });
    expect((await back.next("BUILD_REQUEST")).payload).toMatchObject({ build_id: lost, epoch: 2 });
    back.send("BUILD_COMPLETED", { build_id: kept, status: "success", epoch: 1 });
    expect(await rig.until(kept, "completed")).toMatchObject({ epoch: 1 });
  });

  test("of two with one name the newer wins", async () => {
    await using rig = await Rig.make();
    const older = await rig.worker("a");
    const build = await rig.build();
    await older.next("BUILD_REQUEST");
    const newer = await rig.worker("a");
    expect((await older.next("ERROR")).payload).toMatchObject({ code: "worker_replaced" });
    await older.untilClosed();
    expect((await newer.next("BUILD_REQUEST")).payload).toMatchObject({ build_id: build, epoch: 2 });
    expect(rig.fleet.workers.map(({ id }) => id)).toEqual(["a"]);
  });

  test("heartbeats that were promised and do not come end it, a basic worker may be silent", async () => {
    await using rig = await Rig.make({ limits: { remoteHeartbeatMs: 20 } });
    const basic = await rig.worker("basic");
    const build = await rig.build();
    await basic.next("BUILD_REQUEST");
    const promised = await rig.worker("promised", { heartbeat_ms: 25 });
    await promised.untilClosed();
    expect((await promised.next("ERROR")).payload).toMatchObject({ code: "heartbeats_missed" });
    // The basic one has not answered five heartbeats by now.
    basic.send("BUILD_COMPLETED", { build_id: build, status: "success" });
    expect(await rig.until(build, "completed")).toMatchObject({ epoch: 1 });
  });

  test("what a worker says of its load, its clock and its life is shown", async () => {
    await using rig = await Rig.make();
    const worker = await rig.worker("w", { heartbeat_ms: 60_000 });
    worker.send("HEARTBEAT", { worker_id: "w", load: 0.5 });
    await worker.next("HEARTBEAT_ACK");
    const { body } = await rig.fixture.get("/api/v1/workers");
    expect(body.workers).toMatchObject([{ load: 0.5 }]);
    expect(body.workers[0].heardMsAgo).toBeGreaterThanOrEqual(0);
    expect(Math.abs(body.workers[0].clockSkewMs)).toBeLessThan(5_000);
  });
});

describe("tokens", () => {
  test("a token is exchanged for a credential that is good for one worker_id", async () => {
    await using rig = await Rig.make();
    const joining = await rig.token("w");
    const first = await rig.stranger();
    first.send("HELLO", { worker_id: "a", capabilities: [], token: joining });
    const { credential } = (await first.next("HELLO_ACK")).payload;
    expect(credential).toEqual(expect.stringMatching(/^sluice_wc_[0-9a-f]{64}$/));
    expect(await rig.refused("b", { token: joining })).toContain("another worker_id");
    expect(await rig.refused("b", { token: credential })).toContain("another worker_id");
    expect(await rig.refused("a", { token: await rig.token("other") })).toContain("another token");
    expect(await rig.refused("a")).toContain("another token");
    await rig.worker("a", { token: credential });
    // A worker that knows HELLO alone goes on with the token; the credential is not told again.
    const again = await rig.stranger();
    again.send("HELLO", { worker_id: "a", capabilities: [], token: joining });
    const { payload } = await again.next("HELLO_ACK");
    expect(payload).toMatchObject({ accepted: true });
    expect(payload).not.toHaveProperty("credential");
  });

  test("revoking it cuts the worker off, with its credential as well", async () => {
    await using rig = await Rig.make();
    const { id, token: joining } = await rig.tokenAndId("w");
    const first = await rig.stranger();
    first.send("HELLO", { worker_id: "a", capabilities: [], token: joining });
    const { credential } = (await first.next("HELLO_ACK")).payload;
    const worker = await rig.worker("a", { token: credential });
    const asked = performance.now();
    await rig.fixture.send(`/api/v1/tokens/${id}`, { method: "DELETE" });
    expect((await worker.next("ERROR")).payload).toMatchObject({ code: "token_ended" });
    await worker.untilClosed();
    expect(performance.now() - asked).toBeLessThan(1_000);
    for (const shown of [joining, credential]) expect(await rig.refused("a", { token: shown })).toContain("revoked");
  });

  test("it fixes labels, prefixes of state and kinds of work", async () => {
    await using rig = await Rig.make();
    const narrow = await rig.token("ci", { label: ["gpu", "zone=*"], state: ["ci/*"], kind: ["task"] });
    expect(await rig.refused("w", { token: narrow, labels: ["arm"] })).toContain('the label "arm"');
    const worker = await rig.worker("w", { token: narrow, labels: ["zone=eu", "os=linux"] });
    expect((await rig.fixture.get("/api/v1/workers")).body.workers).toMatchObject([
      { labels: ["zone=eu", "os=linux", "gpu"] },
    ]);
    expect(await worker.ask("STATE_SET", { key: "prod/x", value: 1 }, "STATE_RESPONSE")).toMatchObject({
      ok: false,
      error: { code: "forbidden" },
    });
    expect(await worker.ask("STATE_SET", { key: "ci/x", value: 1 }, "STATE_RESPONSE")).toMatchObject({ ok: true });
    const build = await rig.build();
    await rig.worker("other");
    await rig.until(build, "running");
    expect(await rig.shown(build)).toMatchObject({ worker: "other" });
  });

  test("a token of another role is refused", async () => {
    await using rig = await Rig.make();
    const { body } = await rig.fixture.post("/api/v1/tokens", { name: "v", role: "viewer" });
    expect(await rig.refused("w", { token: body.token })).toContain("worker:connect");
    await rig.worker("w", { token });
  });
});
