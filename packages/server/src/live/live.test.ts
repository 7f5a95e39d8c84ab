import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { cookieOf, password, post } from "../routes/identity-fixture.suite.ts";
import { LiveRig } from "./live-rig.suite.ts";

const quick = workflow({ name: "quick" }, async (ctx) => ctx.step("work", () => "done"));
const steps = workflow<number>({ name: "steps" }, async (ctx, count) => {
  ctx.log("begins");
  for (let i = 0; i < count; i++) await ctx.step(`step ${i}`, () => i);
});
const patient = workflow({ name: "patient" }, async (ctx) => {
  await ctx.waitFor("go");
  return "gone";
});
const asks = workflow({ name: "asks" }, async (ctx) => ctx.approve("boss"));
let broken = true;
const flaky = workflow({ name: "flaky" }, async (ctx) => {
  await ctx.step("first", () => 1);
  if (broken) throw new Error("broken");
  return ctx.step("second", () => 2);
});
interface Failure {
  readonly error: { readonly code: string; readonly message: string };
}

const workflows = [quick, steps, patient, asks, flaky];
const fast = { liveRunsMs: 10, liveChangedMs: 20 };

const putState = async ({ f }: LiveRig, scope: string, key: string, value: unknown = 1): Promise<void> => {
  const path = `/api/v1/state/${encodeURIComponent(scope)}/${encodeURIComponent(key)}`;
  const headers = { "content-type": "application/json" };
  await f.send(path, { method: "PUT", headers, body: JSON.stringify({ value }) });
};

describe("the live stream", () => {
  test("greets, answers pings and says which topics there are not", async () => {
    await using rig = await LiveRig.make();
    const client = await rig.connect();
    expect(client.messages[0]).toEqual({
      type: "hello",
      version: "0.0.0-test",
      instance: rig.f.store.instance,
      now: expect.any(Number),
    });
    for (const topic of ["nonsense", "run", "run:", "__proto__", "run:missing", "toString"]) {
      client.send({ type: "subscribe", topic });
    }
    await client.answered();
    const refused = await client.until(() => client.all("refused").length === 6 && client.all("refused"));
    expect(refused.map(({ topic, code }) => `${topic} ${code}`).toSorted()).toEqual([
      "__proto__ not_found",
      "nonsense not_found",
      "run not_found",
      "run: not_found",
      "run:missing run_not_found",
      "toString not_found",
    ]);
    expect(client.all("pong")).toHaveLength(1);
  });

  test("tells of every run that changes, with how it stands, a few times a second", async () => {
    await using rig = await LiveRig.make({ workflows, http: { limits: { liveRunsMs: 50 } } });
    const client = await rig.connect();
    await client.subscribe("runs");
    const ids = await Promise.all(Array.from({ length: 40 }, async () => rig.start("quick")));
    const waiting = await rig.start("patient");
    await client.until(() => ids.every((id) => client.runs.get(id) === "completed"));
    await client.until(() => client.runs.get(waiting) === "waiting");
    await rig.f.post(`/api/v1/runs/${waiting}/pause`);
    await client.until(() => client.runs.get(waiting) === "paused");
    await rig.f.post(`/api/v1/runs/${waiting}/cancel`);
    await client.until(() => client.runs.get(waiting) === "cancelled");
    for (const { runs } of client.all("runs")) expect(new Set(runs.map(({ id }) => id)).size).toBe(runs.length);
    const last = client
      .all("runs")
      .flatMap(({ runs }) => runs)
      .findLast(({ id }) => id === waiting);
    const { body } = await rig.f.get(`/api/v1/runs/${waiting}`);
    const { id, workflow: name, status, statusReason, createdAt, startedAt, endedAt } = body.run;
    expect(last).toEqual({ id, workflow: name, status, statusReason, createdAt, startedAt, endedAt });
    await rig.f.send(`/api/v1/runs/${waiting}`, { method: "DELETE" });
    expect(await client.next("changed")).toEqual({ type: "changed", topic: "runs" });
  });

  test("follows a run as its events do, and goes on with it when it is retried", async () => {
    await using rig = await LiveRig.make({ workflows });
    const client = await rig.connect();
    const run = await rig.start("steps", 5);
    await client.subscribe(`run:${run}`);
    const ended = await client.until(() => client.all("run").find(({ event }) => event === "end"));
    expect(ended).toMatchObject({ number: 0, data: { status: "completed", statusReason: null } });
    const text = (await rig.f.get(`/api/v1/runs/${run}/events`)).body as string;
    const streamed = [...text.matchAll(/id: (\d+)\nevent: (\w+)\ndata: (.*)\n/g)];
    const told = client.all("run").filter(({ number }) => number > 0);
    expect(told.map(({ number, event, data }) => [String(number), event, data])).toEqual(
      streamed.map(([, number, event, data]) => [number, event, JSON.parse(data ?? "")]),
    );
    expect(told).toHaveLength(5);

    const failing = await rig.start("flaky");
    await client.subscribe(`run:${failing}`);
    const ends = () => client.all("run").filter((each) => each.run === failing && each.event === "end");
    await client.until(() => ends().length === 1);
    broken = false;
    expect((await rig.f.post(`/api/v1/runs/${failing}/retry`)).status).toBe(200);
    await client.until(() => ends().length === 2);
    expect(ends().map(({ data }) => (data as { status: string }).status)).toEqual(["failed", "completed"]);
    const numbered = client.all("run").filter((each) => each.run === failing && each.number > 0);
    expect(numbered.map(({ number }) => number)).toEqual([1, 2]);
    client.send({ type: "unsubscribe", topic: `run:${failing}` });
    client.send({ type: "unsubscribe", topic: `run:${run}` });
    await client.answered();
    expect(rig.f.http.metrics.watching).toBe(0);
  });

  test("goes on behind the number a client has seen", async () => {
    await using rig = await LiveRig.make({ workflows });
    const run = await rig.start("steps", 9);
    await rig.f.until(run, "completed");
    for (const after of [0, 4, 9, 1_000]) {
      const client = await rig.connect();
      await client.subscribe(`run:${run}`, after);
      await client.until(() => client.all("run").some(({ event }) => event === "end"));
      const numbers = client
        .all("run")
        .map(({ number }) => number)
        .filter((number) => number > 0);
      expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].filter((number) => number > after));
    }
  });

  test("says of everything else that it has changed, and what", async () => {
    let version = "v1";
    const deployment = () => ({ version, deployedAt: undefined });
    await using rig = await LiveRig.make({ workflows, http: { limits: fast, deployment } });
    const client = await rig.connect();
    for (const topic of ["overview", "approvals", "events", "schedules", "state", "workers"]) {
      await client.subscribe(topic);
    }
    const changed = (topic: string) => client.all("changed").filter((each) => each.topic === topic);
    await rig.f.post("/api/v1/events", { name: "paid", payload: 1 });
    await client.until(() => changed("events").some(({ names }) => names?.includes("paid")));
    await putState(rig, "global", "a key");
    await client.until(() => changed("state").some(({ names }) => names?.includes("a key")));
    expect(changed("approvals")).toEqual([]);
    const run = await rig.start("asks");
    await client.until(() => changed("approvals").length > 0 && changed("overview").length > 0);
    const before = changed("approvals").length;
    const { body } = await rig.f.get(`/api/v1/approvals?run=${run}`);
    await rig.f.post(`/api/v1/approvals/${body.approvals[0].token}`, { approved: true });
    await client.until(() => changed("approvals").length > before);
    expect(changed("workers")).toEqual([]);
    version = "v2";
    await client.until(() => changed("workers").length === 1);
    await rig.f.engine.deploy("v2", []);
    expect(changed("schedules")).toEqual([]);
    expect(client.all("runs")).toEqual([]);
  });

  test("says once a while that there was too much", async () => {
    await using rig = await LiveRig.make({ workflows, worker: false, http: { limits: { ...fast, liveRunsMax: 5 } } });
    const client = await rig.connect();
    await client.subscribe("runs");
    for (let i = 0; i < 50; i++) await rig.start("quick");
    await client.next("lagged");
    for (let i = 0; i < 50; i++) await rig.start("quick");
    await client.next("lagged", 1);
    expect(client.all("lagged").length).toBeLessThan(20);
    expect(client.all("lagged")[0]).toEqual({ type: "lagged", topic: "runs" });
    // Of more names than are worth telling it says that there were some.
    await client.subscribe("events");
    for (let i = 0; i < 150; i++) {
      const [name, payload] = [`event-${i}`, encodeValue(1)];
      void rig.f.engine.emit({ by: { kind: "user", id: "ada" }, name, payload });
    }
    expect(await client.next("changed")).toEqual({ type: "changed", topic: "events" });
  });

  test("keeps nothing when nobody listens", async () => {
    await using rig = await LiveRig.make({ workflows });
    const { engine, http } = rig.f;
    const [client, other] = [await rig.connect(), await rig.connect()];
    expect(engine.changes.heard).toBe(false);
    await client.subscribe("runs");
    await other.subscribe("overview");
    expect(engine.changes.heard).toBe(true);
    client.send({ type: "unsubscribe", topic: "runs" });
    await client.answered();
    expect(engine.changes.heard).toBe(true);
    other.send({ type: "unsubscribe", topic: "overview" });
    await other.answered();
    expect(engine.changes.heard).toBe(false);
    const run = await rig.start("patient");
    await client.subscribe(`run:${run}`);
    await client.subscribe("runs");
    expect([http.metrics.watching, http.metrics.live]).toEqual([1, 2]);
    client.close();
    await client.closed();
    await other.answered();
    expect([engine.changes.heard, http.metrics.watching, http.metrics.live]).toEqual([false, 0, 1]);
    expect(engine.watchers.wants(run)).toBe(false);
  });
});

describe("whoever", () => {
  test("is not known, or comes from another page, is not let in", async () => {
    await using rig = await LiveRig.make({ http: { allowedOrigins: ["https://other.example"] } });
    const { f } = rig;
    const bearer = { authorization: `Bearer ${(await rig.token({ role: "viewer" })).token}` };
    await f.identity.users.create(f.identity.everyone({}), { name: "ada", roles: ["admin"], password });
    const cookie = cookieOf(await post(f, "/api/v1/auth/login", { name: "ada", password }));
    const other = { origin: rig.url.replace(/\d+$/, "1") };
    const cases: readonly (readonly [boolean, Record<string, string>])[] = [
      [false, {}],
      [false, { authorization: "Bearer guess" }],
      [true, { cookie, origin: rig.url }],
      [false, { cookie }],
      [false, { cookie, ...other }],
      [false, { cookie, origin: "https://other.example" }],
      [false, { cookie, origin: "null" }],
      [true, bearer],
      [true, { ...bearer, origin: "https://other.example" }],
      [false, { ...bearer, ...other }],
      [false, { cookie, origin: rig.url, host: "evil.example" }],
    ];
    for (const [index, [letIn, headers]] of cases.entries()) {
      expect([index, await rig.dial(headers).opened()]).toEqual([index, letIn]);
    }
    const plain = await fetch(`${rig.url}/api/v1/live`, { headers: { cookie } });
    expect([plain.status, ((await plain.json()) as Failure).error.code]).toEqual([403, "origin_not_allowed"]);
    const page = await fetch(`${rig.url}/api/v1/live`, { headers: { cookie, origin: rig.url } });
    expect([page.status, ((await page.json()) as Failure).error.message]).toEqual([400, "This URL speaks WebSocket."]);
  });

  test("has a ticket comes in once, from the origin it was made for", async () => {
    await using rig = await LiveRig.make();
    const ticket = async (): Promise<string> => {
      const { body } = await rig.f.post("/api/v1/auth/tickets", { route: "/api/v1/live" });
      return `?ticket=${encodeURIComponent(body.ticket)}`;
    };
    const once = await ticket();
    expect(await rig.dial({}, once).opened()).toBe(true);
    expect(await rig.dial({}, once).opened()).toBe(false);
    expect(await rig.dial({ origin: rig.url }, await ticket()).opened()).toBe(false);
  });

  test("may see a part hears of that part", async () => {
    await using rig = await LiveRig.make({ workflows, http: { limits: fast } });
    const limits = { workflow: ["pat*", "asks"], event: ["go"], state: ["ci/*"] };
    const client = await rig.connect((await rig.token({ role: "viewer", limits })).token);
    const everything = await rig.connect();
    const topics = ["runs", "events", "state", "approvals"];
    for (const topic of topics) for (const each of [client, everything]) await each.subscribe(topic);
    const hidden = await rig.start("quick");
    const shown = await rig.start("patient");
    client.send({ type: "subscribe", topic: `run:${hidden}` });
    expect(await client.next("refused")).toMatchObject({ topic: `run:${hidden}`, code: "run_not_found" });
    await client.subscribe(`run:${shown}`);
    for (const name of ["paid", "go"]) await rig.f.post("/api/v1/events", { name });
    for (const scope of ["global", "workflow:quick", "workflow:patient"]) {
      for (const key of ["ci/a", "secret"]) await putState(rig, scope, `${key}${scope.slice(9)}`);
    }
    await everything.until(() => everything.runs.get(hidden) === "completed" && everything.runs.has(shown));
    await client.until(() => client.runs.get(shown) === "completed");
    const names = ({ messages }: typeof client, topic: string) =>
      new Set(messages.flatMap((each) => (each.type === "changed" && each.topic === topic ? (each.names ?? []) : [])));
    await everything.until(() => names(everything, "state").size === 6 && names(everything, "events").size === 2);
    await client.until(() => names(client, "state").size === 2 && names(client, "events").size === 1);
    expect([...names(client, "state")]).toEqual(["ci/a", "ci/apatient"]);
    expect([...names(client, "events")]).toEqual(["go"]);
    expect(client.runs.has(hidden)).toBe(false);
    const asked = await rig.start("asks");
    await client.until(() => client.all("changed").some(({ topic }) => topic === "approvals"));
    expect(asked).toBeString();
  });

  test("lacks a permission is told which", async () => {
    await using rig = await LiveRig.make();
    const client = await rig.connect((await rig.token({ grants: [{ permission: "event:read" }] })).token);
    for (const topic of ["runs", "run:x", "approvals", "schedules", "state", "workers"]) {
      client.send({ type: "subscribe", topic });
    }
    for (const topic of ["events", "overview"]) await client.subscribe(topic);
    expect(client.all("refused").map(({ topic, code, message }) => [topic, code, message])).toEqual(
      Object.entries({
        runs: "run:read",
        "run:x": "run:read",
        approvals: "approval:read",
        schedules: "schedule:read",
        state: "state:read",
        workers: "deployment:read",
      }).map(([topic, permission]) => [topic, "forbidden", `This needs the permission ${permission}.`]),
    );
  });

  test("is no longer let in is told so and sent away", async () => {
    await using rig = await LiveRig.make({ workflows });
    const { f } = rig;
    const token = await rig.token({ role: "viewer" });
    const client = await rig.connect(token.token);
    await client.subscribe("runs");
    const before = performance.now();
    await f.send(`/api/v1/tokens/${token.id}`, { method: "DELETE" });
    expect(await client.closed()).toEqual({ code: 4401, reason: "revoked" });
    expect(performance.now() - before).toBeLessThan(1_000);
    expect(client.messages.at(-1)).toEqual({ type: "ended", code: "revoked" });
    expect(f.engine.changes.heard).toBe(false);

    await f.identity.users.create(f.identity.everyone({}), { name: "root", roles: ["admin"], password });
    const made = await f.identity.users.create(f.identity.everyone({}), { name: "ada", roles: ["viewer"], password });
    if (!made.ok) throw new Error(made.error.message);
    const signIn = async () => cookieOf(await post(f, "/api/v1/auth/login", { name: "ada", password }));
    const [one, two] = [await signIn(), await signIn()];
    const [first, second] = [one, two].map((cookie) => rig.dial({ cookie, origin: rig.url }));
    for (const each of [first!, second!]) await each.next("hello");
    const origin = "http://127.0.0.1:7890";
    await f.send("/api/v1/auth/logout", { method: "POST", token: null, headers: { cookie: one, origin } });
    expect(await first!.closed()).toEqual({ code: 4401, reason: "signed_out" });
    await second!.answered();
    await f.identity.users.update(f.identity.everyone({}), made.value.id, { disabled: true });
    expect(await second!.closed()).toEqual({ code: 4401, reason: "disabled" });
  });

  test("opens too many connections or topics is told the limit", async () => {
    const limits = { liveConnectionsPerUserMax: 2, liveConnectionsMax: 3, liveTopicsMax: 2 };
    await using rig = await LiveRig.make({ http: { limits } });
    const [a, b] = [await rig.token({ role: "viewer" }), await rig.token({ role: "viewer" })];
    const first = await rig.connect(a.token);
    await rig.connect(a.token);
    expect(await rig.dial({ authorization: `Bearer ${a.token}` }).opened()).toBe(false);
    await rig.connect(b.token);
    expect(await rig.dial({ authorization: `Bearer ${b.token}` }).opened()).toBe(false);
    first.close();
    await first.closed();
    const again = await rig.connect(b.token);
    for (const topic of ["runs", "events", "runs"]) await again.subscribe(topic);
    again.send({ type: "subscribe", topic: "state" });
    expect(await again.next("refused")).toMatchObject({ topic: "state", code: "too_many_requests" });
  });

  test("does not speak as agreed is sent away", async () => {
    await using rig = await LiveRig.make();
    const said: readonly (readonly [number, string | Uint8Array<ArrayBuffer>])[] = [
      [1007, "{"],
      [1007, "null"],
      [1007, '{"type":"shout"}'],
      [1007, '{"type":"subscribe"}'],
      [1007, '{"type":"subscribe","topic":"run:a","after":-1}'],
      [1007, '{"type":"subscribe","topic":"run:a","after":"1"}'],
      [1007, JSON.stringify({ type: "subscribe", topic: "x".repeat(300) })],
      [1003, new Uint8Array([1, 2, 3])],
    ];
    for (const [code, message] of said) {
      const client = await rig.connect();
      client.sendRaw(message);
      expect([message, (await client.closed()).code]).toEqual([message, code]);
    }
    const long = await rig.connect();
    long.sendRaw(JSON.stringify({ type: "subscribe", topic: "x".repeat(5_000) }));
    expect([1006, 1009]).toContain((await long.closed()).code);
    const many = await rig.connect();
    for (let i = 0; i < 200; i++) many.send({ type: "ping" });
    expect(await many.closed()).toEqual({ code: 1008, reason: "too many messages" });
  });

  test("is connected when the server stops comes back", async () => {
    await using rig = await LiveRig.make();
    const client = await rig.connect();
    await client.subscribe("runs");
    rig.f.http.close();
    expect((await client.closed()).code).toBe(1012);
  });
});
