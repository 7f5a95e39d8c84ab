// The server that bad input is sent to: the shipped command with one of everything in it, and an account of all it has stored.
import { expect } from "bun:test";
import { routes } from "@sluice/protocol/http";
import type { RouteName, RouteSpec } from "@sluice/protocol/http";
import { contracts, schemas } from "@sluice/protocol/http-schemas";
import { RawClient } from "./raw-http.ts";
import type { RawAnswer, RawRequest } from "./raw-http.ts";
import { aTurn, killAll, startServer, token, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const project = `
import { schedule, webhook, workflow } from "sluice";

export const echo = workflow(
  { name: "echo", triggers: [webhook("/echo"), schedule("0 0 1 1 *", { name: "yearly" })], queue: "echoes" },
  async (ctx, input) => input,
);
export const asks = workflow({ name: "asks" }, (ctx) => ctx.approve("boss"));
export const calls = workflow({ name: "calls" }, async (ctx) => {
  const made = await ctx.token("outside");
  ctx.progress(made.token);
  return made.wait();
});
`;

interface Shown {
  readonly run: { readonly id: string; readonly status: string; readonly progress: string };
  readonly approvals: readonly { readonly token: string }[];
}

/** What the routes that change something are called with: all of it is there and fits. */
export interface Things {
  readonly ended: string;
  readonly waiting: string;
  readonly approval: string;
  readonly callback: string;
  readonly used: { readonly approval: string; readonly callback: string };
  readonly expired: { readonly approval: string; readonly callback: string };
}

export const everyRoute = Object.keys(routes) as RouteName[];
/** Routes that read formats of their own, which have tests beside them. */
const ownFormats: ReadonlySet<RouteName> = new Set(
  everyRoute.filter((name) => /^(?:log|metric):write$/.test(routes[name].permission) && name !== "recordMetrics"),
);
/** In the protocols of other products, whose paths, queries and refusals are theirs; they have tests beside them. */
export const foreignRoutes = everyRoute.filter(
  (name) => /^\/(?:cache|loki|prom)\//.test(routes[name].path) || (ownFormats.has(name) && name !== "writeLogs"),
);
const cacheKey = "ab".repeat(32);
/** Other routes that read a body. */
export const readingRoutes = everyRoute.filter(
  (name) => contracts[name].request !== undefined && !ownFormats.has(name) && !foreignRoutes.includes(name),
);
/** Those of them that read any value as it is: the others read an object with known fields. */
export const anyValueRoutes: readonly RouteName[] = ["completeCallback", "callHook"];
export const fieldRoutes = readingRoutes.filter((name) => !anyValueRoutes.includes(name));

/** Bodies with every field there is, to be broken; the routes take them as they are. */
export const samples: Partial<Record<RouteName, Readonly<Record<string, unknown>>>> = {
  startRun: { input: 1, id: "r", idempotencyKey: "k", delay: "1h", priority: 1, tags: ["t"] },
  queryLogs: { query: "x", from: 0, to: 1, limit: 1, tenant: "default", afterSeq: 0, upToSeq: 1 },
  archiveLogs: { before: "2026-01-31" },
  restoreLogs: { day: "2026-01-31" },
  recordMetrics: { name: "n", value: 1, kind: "gauge", labels: { a: "b" } },
  deleteLogs: { query: "nobody says this", from: 0, to: 1, tenant: "default" },
  addCluster: { name: "main", kubeconfig: "{}", context: "c", acceptIdentity: false },
  addComponent: { file: "web.yaml" },
  addRecovery: { file: "shop.yaml" },
  createFailover: { to: "b" },
  approveFailover: { hash: "h" },
  beginFailover: { hash: "h" },
  upgradeMesh: { from: "1-26", to: "1-27" },
  releaseCanary: {
    canary: {
      namespace: "shop",
      virtualService: "web",
      host: "web",
      stable: { subset: "stable" },
      canary: { subset: "canary" },
    },
  },
  approvePlan: { hash: "h" },
  applyPlan: { hash: "h" },
  cancelRun: { reason: "r" },
  eraseKeys: { workflow: "echo" },
  retryRun: { code: "pinned" },
  forkRun: { from: 0, input: 1 },
  importRun: {
    format: "sluice-run",
    formatVersion: 1,
    run: {
      id: "imported",
      workflow: "echo",
      version: "v0",
      status: "completed",
      input: { json: 1 },
      createdAt: 1,
      endedAt: 2,
      tags: [],
      priority: 0,
      attempt: 1,
      generation: 0,
    },
    journal: [],
    logs: [],
  },
  bulkRuns: {
    action: "cancel",
    filter: { workflow: "none", status: ["failed"], tag: "t", from: 0, to: 1, parent: "p", version: "v" },
    dryRun: false,
    reason: "r",
  },
  delegateApproval: { to: "user:ada", reason: "r" },
  commentApproval: { text: "t" },
  setSecret: { value: "long enough" },
  typeInTerminal: { text: "x" },
  resizeTerminal: { cols: 80, rows: 24 },
  beginBuild: {
    root: "/shop",
    machine: "m",
    tasks: ["build"],
    fingerprint: cacheKey,
    plan: [],
    settled: [],
  },
  startBuild: { target: "t", options: { command: ["true"] }, on: { labels: ["none"] } },
  listMissingCacheBlobs: { digests: [cacheKey] },
  putCacheResult: { key: cacheKey, exitCode: 0, outputs: [], log: cacheKey, durationMs: 1, createdAtMs: 1, meta: {} },
  listMissingBlobs: { digests: ["0".repeat(64)] },
  sendEvent: { name: "n", payload: 1, key: "k", id: "once" },
  decideApproval: { approved: true, reason: "r", payload: 1 },
  setState: { value: 1, ttl: "1h" },
  signIn: { name: "n", password: "p", code: "c", kind: "program" },
  setUp: { secret: "s", name: "n", password: "p" },
  refreshSession: { refreshToken: "r" },
  signOut: { everywhere: false },
  createTicket: { route: "/api/v1/live" },
  changePassword: { current: "p", next: "q" },
  beginTotp: { password: "p" },
  confirmTotp: { code: "c" },
  removeTotp: { password: "p" },
  beginPasskey: { password: "p" },
  addPasskey: { challenge: "c", name: "n", credential: {} },
  passkeySignIn: { challenge: "c", credential: {} },
  exchangeToken: { token: "t" },
  createUser: { name: "n", email: "e", password: "p", roles: ["none"] },
  updateUser: { email: "e", password: "p", roles: ["none"], disabled: false, secondFactor: false },
  putRole: { about: "a", grants: [{ permission: "run:read", only: ["a"] }] },
  createToken: { name: "n", role: "none", grants: [], expiresIn: "1h", limits: { workflow: ["a"] } },
};

export class Victim {
  readonly server: ServerProcess;
  readonly raw: RawClient;
  #things: Things | undefined;

  private constructor(server: ServerProcess) {
    this.server = server;
    this.raw = this.another();
  }

  /** A connection of its own; with the token unless other headers are given. */
  another(headers: Readonly<Record<string, string>> = { authorization: `Bearer ${token}` }): RawClient {
    return new RawClient(Number(new URL(this.server.url).port), headers);
  }

  /** Starts the command over an empty folder and fills it. */
  static async start(folder: string): Promise<Victim> {
    writeProject(folder, { "workflows/all.ts": project });
    // As many as the test likes: how often one may try is another test's.
    const args = ["--limit", "signInsPerMinuteMax=0"];
    const victim = new Victim(await startServer({ project: folder, data: `${folder}/data`, args }));
    victim.#things = await victim.#fill();
    return victim;
  }

  /** The server that was started still serves, its worker still works, and it has noted no failure of its own. */
  async expectWell(): Promise<void> {
    const ran = await this.json<Shown>("POST", "/api/v1/workflows/echo/runs?wait=10s", { input: 1 });
    expect(ran).toMatchObject({ status: 201, body: { run: { status: "completed", output: 1 } } });
    expect(this.server.process.exitCode).toBeNull();
    expect(this.server.stderr()).not.toContain('"level":"error"');
  }

  async stop(): Promise<void> {
    this.raw.close();
    await killAll(this.server);
  }

  get things(): Things {
    if (this.#things === undefined) throw new Error("the server is not filled yet");
    return this.#things;
  }

  async #fill(): Promise<Things> {
    const ended = await this.begin("echo", "completed");
    const waiting = await this.begin("calls", "waiting");
    const used = { approval: await this.approval(), callback: await this.callback() };
    const expired = { approval: await this.approval(), callback: await this.callback() };
    for (const kind of ["approval", "callback"] as const) {
      const path = `/api/v1/${kind}s/${used[kind]}`;
      expect((await this.json("POST", path, kind === "approval" ? { approved: true } : 1)).status).toBe(200);
    }
    const rest = { approval: await this.approval(), callback: await this.callback() };
    for (const asked of [expired.approval, expired.callback]) await this.cancelAskerOf(asked);
    await this.settled();
    return { ended, waiting, ...rest, used, expired };
  }

  readonly #askers = new Map<string, string>();

  /** The token of a new run that waits for an approval. */
  async approval(): Promise<string> {
    const run = await this.begin("asks", "waiting");
    const { approvals } = (await this.json<Shown>("GET", `/api/v1/approvals?run=${run}`)).body;
    const open = approvals[0]?.token ?? "";
    this.#askers.set(open, run);
    return open;
  }

  /** The token of a new run that waits for a callback. */
  async callback(): Promise<string> {
    const run = await this.begin("calls", "waiting");
    const { progress } = (await this.json<Shown>("GET", `/api/v1/runs/${run}`)).body.run;
    this.#askers.set(progress, run);
    return progress;
  }

  async cancelAskerOf(asked: string): Promise<void> {
    const run = this.#askers.get(asked) ?? "";
    await this.json("POST", `/api/v1/runs/${run}/cancel`, {});
    await this.until(run, "cancelled");
  }

  async begin(workflow: string, status: string): Promise<string> {
    const { id } = (await this.json<Shown>("POST", `/api/v1/workflows/${workflow}/runs`, {})).body.run;
    await this.until(id, status);
    return id;
  }

  async until(run: string, status: string): Promise<void> {
    while ((await this.json<Shown>("GET", `/api/v1/runs/${run}`)).body.run.status !== status) await aTurn();
  }

  /** Waits until what was begun has come to rest. */
  async settled(): Promise<void> {
    for (;;) {
      const { body } = await this.json<{ runs: Record<string, number> }>("GET", "/metrics?format=json");
      if (["running", "queued", "ready"].every((status) => (body.runs[status] ?? 0) === 0)) return;
      await aTurn();
    }
  }

  async json<T = Readonly<Record<string, unknown>>>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: T }> {
    const more =
      body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const { status, text } = await this.raw.send({ method, path, ...more });
    return { status, body: (text === "" ? undefined : JSON.parse(text)) as T };
  }

  /** The parameters of a route's path with which it would do what it is for. */
  paramsOf(name: RouteName): readonly string[] {
    const { waiting, ended, approval, callback } = this.things;
    const { path }: RouteSpec = routes[name];
    if (name === "watchRun" || name === "retryRun" || name === "forkRun") return [ended];
    if (path.includes("/:part")) return [waiting, "input"];
    if (path.includes("/:run")) return [waiting];
    if (path.includes("/:schedule")) return ["echo:yearly"];
    if (path.includes("/:queue")) return ["echoes"];
    if (path.includes("/approvals/:token")) return [approval];
    if (path.includes("/callbacks/:token")) return [callback];
    if (path.startsWith("/api/v1/cache/") || path.startsWith("/cache/")) return [cacheKey];
    if (path.includes("/:task")) return ["echo", "a"];
    if (path.includes("/:key")) return ["global", "hostile"];
    if (path.includes("/:scope")) return ["global"];
    if (path.includes("/:asset")) return ["page.mjs"];
    return ["echo"];
  }

  /** The URL of a route with these parameters, which are put in as they are. */
  pathOf(name: RouteName, params: readonly string[] = this.paramsOf(name)): string {
    let at = 0;
    return routes[name].path.replace(/:\w+|\*/g, () => params[at++] ?? "");
  }

  request(name: RouteName, more: Partial<RawRequest> & { readonly query?: string } = {}): RawRequest {
    const { query = "", ...rest } = more;
    return { method: routes[name].methods[0], path: this.pathOf(name) + query, ...rest };
  }

  /** A route with these parameters and, where it reads one, a body that is right. */
  right(name: RouteName, params: readonly string[] = this.paramsOf(name)): RawRequest {
    const body = readingRoutes.includes(name)
      ? { headers: { "content-type": "application/json" }, body: JSON.stringify(samples[name] ?? {}) }
      : {};
    return { method: routes[name].methods[0], path: this.pathOf(name, params), ...body };
  }

  /** Everything that bad input could have changed. */
  async written(): Promise<string> {
    const { waiting, approval } = this.things;
    const lists = ["/runs?limit=200", "/approvals?limit=200", "/events?limit=200", "/schedules", "/queues"];
    lists.push("/state/global", "/state/workflow:echo", `/state/run:${waiting}`);
    lists.push(`/runs/${waiting}`, `/runs/${waiting}/steps`, `/runs/${waiting}/logs`, `/approvals/${approval}`);
    const shown: unknown[] = [];
    for (const list of lists) shown.push((await this.json("GET", `/api/v1${list}`)).body);
    const { runs, store } = (await this.json<{ runs: object; store: object }>("GET", "/metrics?format=json")).body;
    // Runs leave memory by themselves, and the store grows by its log.
    return JSON.stringify([shown, { ...runs, hot: 0 }, { ...store, bytes: 0 }]);
  }

  /** Sends what has to be refused. Throws, naming the request, unless it is in the way that everything is. */
  async refused(
    request: RawRequest,
    wanted: { readonly status?: number; readonly code?: string | readonly string[] } = {},
  ): Promise<void> {
    const answer = await this.raw.send(request);
    const wrong = whatIsWrong(answer, wanted);
    if (wrong !== undefined) {
      const shown = JSON.stringify({ ...request, body: request.body && Buffer.from(request.body).toString("latin1") });
      throw new Error(`${shown.slice(0, 500)}\n${wrong}: ${answer.status} ${answer.text.slice(0, 500)}`);
    }
  }

  /** Carries out `attack` and throws when anything is stored or gone after it. */
  async unchanged(attack: () => Promise<void>): Promise<void> {
    const before = await this.written();
    await attack();
    expect(await this.written()).toBe(before);
  }
}

/** Words that only the inside of a program has. */
const stackTrace = /\bat [\w.<>]+ \(|\.ts:\d+|node_modules|packages\//;

/** What a refusal lacks: a status of 4xx, the shape of every failure with a code and a hint, silence about the inside. */
export function whatIsWrong(
  { status, text }: RawAnswer,
  wanted: { readonly status?: number; readonly code?: string | readonly string[] } = {},
): string | undefined {
  if (stackTrace.test(text)) return "it shows the inside of the program";
  if (status < 400 || status > 499) return "it is not refused";
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return "the refusal is not JSON";
  }
  const parsed = schemas.Failure.safeParse(body);
  if (!parsed.success) return "the refusal has not the shape of failures";
  const { code, hint, message } = parsed.data.error;
  if (hint === undefined || hint === "" || message === "") return "there is no hint";
  if (wanted.status !== undefined && status !== wanted.status) return `the status is not ${wanted.status}`;
  const codes = typeof wanted.code === "string" ? [wanted.code] : wanted.code;
  if (codes !== undefined && !codes.includes(code)) return `the code is not ${codes.join(" or ")}`;
  return undefined;
}
