// Whoever may see one workflow alone sees nothing of another, wherever they look; and what they may not see looks as if it did
// not exist.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { routes } from "@sluice/protocol/http";
import type { RouteName, RouteSpec } from "@sluice/protocol/http";
import { schedule, webhook, workflow } from "@sluice/sdk";
import type { Workflow } from "@sluice/sdk";
import { HttpFixture } from "./http-fixture.ts";
import type { Answer } from "./http-fixture.ts";

/** In every name of what is hidden, and in every content. */
const hiddenName = "bmarker";
const hiddenContent = "hiddencontent";

/** A workflow that leaves traces everywhere. `word` is in its names. */
function traces(name: string, word: string, content: string): Workflow {
  const triggers = [webhook(`/${word}`), schedule("0 0 1 1 *", { name: word, input: { content } })];
  return workflow<{ how?: string }>(
    { name, description: content, triggers, queue: `${word}-queue` },
    async (ctx, input) => {
      ctx.log(content, { content });
      ctx.progress({ content });
      await ctx.step(`${word}-step`, () => ({ content }));
      if (input.how === "approve") await ctx.approve(`${word}-boss`, { description: content, data: { content } });
      if (input.how === "event") await ctx.waitFor(`${name}-paid`);
      if (input.how === "fail") throw new Error(content);
      return { content };
    },
  );
}

/** Starts of it become part of the run there is. */
const single = workflow<{ whose: string }>({ name: "a/single", singleton: "skip" }, async (ctx) =>
  ctx.waitFor("never"),
);

const json = { "content-type": "application/json" };
const seen = { name: "a/shop", word: "shop", content: "seen" };
const hidden = { name: `b/${hiddenName}`, word: hiddenName, content: hiddenContent };
let f: HttpFixture;
let narrow: Record<string, string>;

async function plant({ name, word, content }: typeof seen): Promise<void> {
  const start = `/api/v1/workflows/${encodeURIComponent(name)}/runs`;
  for (const [id, how, status] of [
    [`${word}-1`, "end", "completed"],
    [`${word}-2`, "approve", "waiting"],
    [`${word}-3`, "event", "waiting"],
    [`${word}-4`, "fail", "failed"],
  ] as const) {
    const body = { id, input: { how, content }, tags: [`${word}-tag`], idempotencyKey: `${word}-${how}` };
    expect((await f.post(start, body)).status).toBe(201);
    await f.until(id, status);
  }
  await f.post("/api/v1/events", { name: `${name}-sent`, payload: { content }, key: `${word}-key` });
  for (const scope of ["global", `workflow:${name}`, `run:${word}-1`]) {
    const path = `/api/v1/state/${encodeURIComponent(scope)}/${encodeURIComponent(name)}`;
    const written = await f.send(path, { method: "PUT", headers: json, body: JSON.stringify({ value: { content } }) });
    expect(written.status).toBe(200);
  }
}

beforeAll(async () => {
  f = await HttpFixture.make({
    workflows: [...[seen, hidden].map(({ name, word, content }) => traces(name, word, content)), single],
  });
  await plant(seen);
  await plant(hidden);
  const limits = { workflow: ["a/*"], event: ["a/*"], state: ["a/*"] };
  const made = await f.post("/api/v1/tokens", { name: "narrow", role: "developer", limits });
  narrow = { authorization: `Bearer ${made.body.token}` };
});
afterAll(async () => f[Symbol.asyncDispose]());

const specs = Object.entries(routes) as [RouteName, RouteSpec][];
/** Things a path can name, of the one who is seen and of the one who is hidden. */
const named: Readonly<Record<string, (of: typeof seen) => readonly string[]>> = {
  name: ({ name }) => [name],
  run: ({ word }) => [`${word}-1`, `${word}-4`],
  schedule: ({ name, word }) => [`${name}:${word}`],
  queue: ({ word }) => [`${word}-queue`],
  scope: ({ name, word }) => ["global", `workflow:${name}`, `run:${word}-1`],
  key: ({ name }) => [name],
  part: () => ["input", "output", "0"],
};
/** From now on for a year and a day: something yearly happens in it. */
const year = `?from=${Date.now()}&to=${Date.now() + 366 * 24 * 3_600_000}`;
/** Ways to ask a list for the hidden ones. */
const queries: Readonly<Partial<Record<RouteName, readonly string[]>>> = {
  listRuns: ["", `?workflow=${hidden.name}`, `?tag=${hiddenName}-tag`, `?parent=${hiddenName}-1`, "?status=failed"],
  listEvents: ["", `?name=${hidden.name}-sent`],
  listApprovals: ["", `?run=${hiddenName}-2`],
  listWaits: ["", `?event=${hidden.name}-paid`],
  listState: ["", "?prefix=b/"],
  listScheduleTimes: [year, `${year}&workflow=${hidden.name}`],
  search: [`?q=${hiddenName}`, `?q=${hiddenName}-1`, `?q=${hiddenContent}`, "?q=b/", `?q=${hiddenName}-tag`],
  metrics: ["", "?format=json"],
};

/** Every way to fill a path with things of somebody. */
function pathsOf(path: string, of: typeof seen): readonly string[] {
  const [parameter] = /:\w+/.exec(path) ?? [];
  if (parameter === undefined) return [path];
  const values = named[parameter.slice(1)]?.(of) ?? [];
  return values.flatMap((value) => pathsOf(path.replace(parameter, encodeURIComponent(value)), of));
}

interface Asked {
  readonly name: RouteName;
  readonly path: string;
}

/** Every reading request about somebody. */
function reads(of: typeof seen): readonly Asked[] {
  return specs.flatMap(([name, spec]) => {
    if (spec.methods[0] !== "GET" || spec.permission === "open" || spec.socket === true) return [];
    return pathsOf(spec.path, of).flatMap((path) =>
      (queries[name] ?? [""]).map((query) => ({ name, path: path + query })),
    );
  });
}

const ask = async (path: string, headers: Record<string, string>): Promise<Answer & { readonly text: string }> => {
  const answer = await f.send(path, { token: null, headers });
  return { ...answer, text: typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body) };
};
const admin = { authorization: "Bearer test-token-0123456789" };

describe("whoever may see a/* alone", () => {
  test("finds nothing of another workflow in any answer", async () => {
    for (const { name, path } of [...reads(seen), ...reads(hidden)]) {
      const { status, text } = await ask(path, narrow);
      expect([name, path, status === 500]).toEqual([name, path, false]);
      expect([name, path, text.includes(hiddenContent)]).toEqual([name, path, false]);
      // A refusal says what was asked for, and nothing else.
      if (status < 400) expect([name, path, text.includes(hiddenName)]).toEqual([name, path, false]);
    }
  });

  test("finds what is theirs, which shows that the search was one", async () => {
    const found = new Set<RouteName>();
    const hits = new Set<RouteName>();
    for (const { name, path } of reads(seen)) {
      const { status, text } = await ask(path, narrow);
      if (status === 200 && (text.includes(seen.word) || text.includes(`"${seen.content}"`))) found.add(name);
    }
    for (const { name, path } of [...reads(seen), ...reads(hidden)]) {
      const { status, text } = await ask(path, admin);
      if (status === 200 && (text.includes(hiddenName) || text.includes(hiddenContent))) hits.add(name);
    }
    const telling: RouteName[] = [
      ...(["listWorkflows", "getWorkflow", "listRuns", "getRun", "listSteps", "listLogs", "watchRun"] as const),
      ...(["listEvents", "listApprovals", "listSchedules", "getSchedule", "listState", "getState"] as const),
      ...(["listDeployments", "search", "listWorkflowStats", "getWorkflowGraph", "getRunValue", "listWaits"] as const),
      "listScheduleTimes",
      "listQueues",
    ];
    for (const name of telling) expect([name, hits.has(name)]).toEqual([name, true]);
    for (const name of telling) {
      if (name !== "search") expect([name, found.has(name)]).toEqual([name, true]);
    }
  });

  test("cannot tell what is hidden from what does not exist", async () => {
    const missing = { ...hidden, name: "b/nothing", word: "nothing" };
    const [known, unknown] = [reads(hidden), reads(missing)];
    expect(known.length).toBe(unknown.length);
    for (const [index, { name, path }] of known.entries()) {
      const other = unknown[index]?.path ?? "";
      if (path === other || path.includes("?")) continue;
      const [a, b] = [await ask(path, narrow), await ask(other, narrow)];
      expect([name, path, a.status]).toEqual([name, path, b.status]);
      // These answer for whatever they are asked about.
      const answers = name === "listState" || name === "explainCacheKey";
      expect([name, a.status >= (answers ? 200 : 400)]).toEqual([name, true]);
      const plain = (text: string): string => text.replaceAll(hiddenName, "nothing");
      expect([name, plain(a.text)]).toEqual([name, b.text]);
    }
  });

  test("counts nothing of it in figures", async () => {
    const { body } = await ask("/metrics?format=json", narrow);
    expect(body.runs).toMatchObject({ completed: 1, failed: 1, waiting: 2 });
    expect(body.store.events).toBe(1);
    expect((await ask("/api/v1/overview", narrow)).body).toMatchObject({
      needs: { approvals: 1, failed: 1 },
      runs: { completed: 1, failed: 1, waiting: 2 },
    });
    const unfinished = async (who: Record<string, string>): Promise<number> => {
      const { body: deployed } = await ask("/api/v1/deployments", who);
      const versions = deployed.versions as readonly { readonly unfinishedRuns: number }[];
      return versions.reduce((sum, { unfinishedRuns }) => sum + unfinishedRuns, 0);
    };
    expect([await unfinished(narrow), await unfinished(admin)]).toEqual([2, 4]);
  });

  test("does nothing to it, and is told that it is not there", async () => {
    const post = async (path: string, body: object = {}): Promise<Answer> =>
      f.send(path, { method: "POST", token: null, headers: { ...json, ...narrow }, body: JSON.stringify(body) });
    for (const verb of ["cancel", "pause", "resume", "retry", "fork"]) {
      const { status, body } = await post(`/api/v1/runs/${hiddenName}-2/${verb}`);
      expect([verb, status, body.error.code]).toEqual([verb, 404, "run_not_found"]);
    }
    const deleted = await f.send(`/api/v1/runs/${hiddenName}-1`, { method: "DELETE", token: null, headers: narrow });
    expect(deleted.body.error.code).toBe("run_not_found");
    const started = await post(`/api/v1/workflows/${encodeURIComponent(hidden.name)}/runs`);
    expect([started.status, started.body.error.code]).toEqual([404, "workflow_not_found"]);
    // Nor does a misspelt name bring out what else is deployed.
    const misspelt = await post("/api/v1/workflows/a%2Fshup/runs");
    expect([misspelt.status, misspelt.body.error.code]).toEqual([404, "workflow_not_found"]);
    expect(JSON.stringify(misspelt.body)).not.toContain(hiddenName);
    const id = encodeURIComponent(`${hidden.name}:${hiddenName}`);
    for (const verb of ["pause", "resume", "run"]) {
      const { status, body } = await post(`/api/v1/schedules/${id}/${verb}`);
      expect([verb, status, body.error.code]).toEqual([verb, 404, "schedule_not_found"]);
    }
    for (const verb of ["pause", "resume"]) {
      const { status, body } = await post(`/api/v1/queues/${hiddenName}-queue/${verb}`);
      expect([verb, status, body.error.code]).toEqual([verb, 404, "queue_not_found"]);
    }
    const sent = await post("/api/v1/events", { name: `${hidden.name}-paid` });
    expect([sent.status, sent.body.error.details.permission]).toEqual([403, "event:send"]);
    for (const scope of ["global", "workflow:a/shop", "run:shop-1"]) {
      const path = `/api/v1/state/${encodeURIComponent(scope)}/${encodeURIComponent(hidden.name)}`;
      for (const init of [{ method: "PUT", body: '{"value":1}' }, { method: "DELETE" }]) {
        const { status, body } = await f.send(path, { ...init, token: null, headers: { ...json, ...narrow } });
        expect([scope, status, body.error.details.permission]).toEqual([scope, 403, "state:write"]);
      }
    }
    const stillThere = await f.get(`/api/v1/runs/${hiddenName}-2`);
    expect(stillThere.body.run).toMatchObject({ status: "waiting", attempt: 1 });
  });

  test("does to many at once what may be done to each, and counts no other", async () => {
    const bulk = async (action: string, more: object = {}): Promise<Answer> =>
      f.send("/api/v1/runs/bulk", {
        method: "POST",
        token: null,
        headers: { ...json, ...narrow },
        body: JSON.stringify({ action, filter: {}, ...more }),
      });
    expect((await bulk("cancel", { dryRun: true })).body).toEqual({ matched: 4, changed: 0, refused: 0 });
    expect((await bulk("cancel", { dryRun: true, filter: { workflow: hidden.name } })).body.matched).toBe(0);
    expect((await bulk("pause")).body).toEqual({ matched: 4, changed: 2, refused: 2 });
    expect((await f.get(`/api/v1/runs/${hiddenName}-2`)).body.run.status).toBe("waiting");
    await f.until("shop-2", "paused");
  });
});

describe("whoever may see something and not do it", () => {
  test("is told which permission is missing", async () => {
    const grants = [{ permission: "run:read" }, { permission: "run:cancel", only: ["a/*"] }];
    const made = await f.post("/api/v1/tokens", { name: "half", grants });
    const headers = { ...json, authorization: `Bearer ${made.body.token}` };
    const { status, body } = await f.send(`/api/v1/runs/${hiddenName}-3/cancel`, {
      method: "POST",
      token: null,
      headers,
      body: "{}",
    });
    expect([status, body.error.code, body.error.details]).toEqual([403, "forbidden", { permission: "run:cancel" }]);
  });
});

describe("whoever may start runs and not read them", () => {
  test("learns how a run ended and not what it brought about", async () => {
    const made = await f.post("/api/v1/tokens", {
      name: "start",
      grants: [{ permission: "run:start", only: ["a/*"] }],
    });
    const headers = { ...json, authorization: `Bearer ${made.body.token}` };
    const start = (key: string): Promise<Answer> =>
      f.send("/api/v1/workflows/a%2Fshop/runs?wait=5s", {
        method: "POST",
        token: null,
        headers,
        body: JSON.stringify({ input: { how: "end", content: "seen" }, idempotencyKey: key }),
      });
    const { status, body } = await start("mine");
    expect([status, body.run.status, body.run.output, body.run.progress]).toEqual([201, "completed", null, null]);
    // Nor what a run brought about that somebody else has started.
    const theirs = await start("shop-end");
    expect([theirs.status, theirs.body.run.id, theirs.body.run.output]).toEqual([200, "shop-1", null]);
    expect((await f.send(`/api/v1/runs/${body.run.id}`, { token: null, headers })).status).toBe(403);
  });

  test("does not learn what the run was given that a start became part of", async () => {
    const first = await f.post("/api/v1/workflows/a%2Fsingle/runs", { input: { whose: "theirs" } });
    const made = await f.post("/api/v1/tokens", { name: "only starts", grants: [{ permission: "run:start" }] });
    const headers = { ...json, authorization: `Bearer ${made.body.token}` };
    const init = { method: "POST", token: null, headers, body: JSON.stringify({ input: { whose: "mine" } }) };
    const { body } = await f.send("/api/v1/workflows/a%2Fsingle/runs", init);
    expect([body.created, body.run.id, body.run.input]).toEqual([false, first.body.run.id, null]);
  });
});

describe("whoever may read and not decide", () => {
  test("sees that something waits, and nothing that decides it", async () => {
    const viewer = await f.post("/api/v1/tokens", { name: "viewer", role: "viewer" });
    const headers = { authorization: `Bearer ${viewer.body.token}` };
    const { body } = await ask("/api/v1/approvals", headers);
    expect(body.approvals.map((each: { token: unknown }) => each.token)).toEqual([null, null]);
    const operator = await f.post("/api/v1/tokens", { name: "operator", role: "operator" });
    const decides = await ask("/api/v1/approvals", { authorization: `Bearer ${operator.body.token}` });
    for (const { token } of decides.body.approvals) expect(token).toStartWith("tok_");
  });
});
