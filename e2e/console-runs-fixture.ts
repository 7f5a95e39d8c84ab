// A project whose runs have everything that the screens of runs show, and the words of its API that tests need.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aTurn, call, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

/** In names, outputs, errors and log lines; nothing of it may do anything. */
const hostile = {
  step: "<img src=x onerror=document.title='owned'> \u202egnp.exe",
  output: "\u001b[31mred</script><script>document.title='owned'</script>",
  error: "<svg onload=document.title='owned'> \u202eevil",
  log: "<b>bold</b> \u001b[31mred",
};

const workflows = `import { existsSync } from "node:fs";
import { NonRetryableError, workflow } from "sluice";

const hostile = ${JSON.stringify(hostile)};

export const ship = workflow({ name: "shop/ship" }, async (ctx, input) => {
  await ctx.step("pack", () => "box");
  await ctx.step("book carrier", () => {
    if (input.address === "nowhere") throw new NonRetryableError("No carrier goes to nowhere.");
    return "TRACK-1";
  });
  return { tracking: "TRACK-1" };
});

export const order = workflow(
  { name: "shop/order", retry: { attempts: 3, backoff: "fixed", delay: "20ms" } },
  async (ctx, input) => {
    ctx.log("order received", { id: input.id });
    await ctx.step("charge", ({ attempt }) => {
      if (attempt < 2) throw new Error("card network timeout");
      return { paid: input.total };
    }, { undo: () => "refunded" });
    await Promise.all([ctx.step("label", () => "LABEL"), ctx.step("invoice", () => ({ lines: [1, 2] }))]);
    if (input.approve) await ctx.approve("manager", { description: "Order over the limit" });
    const { tracking } = await ctx.call(ship, { address: input.address });
    return { tracking, total: input.total };
  },
);

export const loop = workflow({ name: "report/pages" }, async (ctx, input) => {
  for (let page = 0; page < input.pages; page++) await ctx.step("page " + page, () => page);
  await ctx.step("large", () => Array.from({ length: input.large }, (_, id) => ({ id, name: "entry " + id })));
  return input.pages;
});

export const wait = workflow({ name: "billing/wait" }, async (ctx) => {
  await ctx.step("before", () => 1);
  const word = await ctx.waitFor("go", { key: ctx.run.id });
  await ctx.step("after", () => word);
  return word;
});

export const steady = workflow({ name: "live/steady" }, async (ctx) => {
  for (let turn = 0; turn < 6; turn++) {
    await ctx.waitFor("turn", { key: ctx.run.id + " " + turn });
    await ctx.step("turn " + "abcdef"[turn], () => turn);
  }
  return "done";
});

export const evil = workflow({ name: "evil" }, async (ctx) => {
  ctx.log(hostile.log);
  await ctx.step(hostile.step, () => ({ "<b>key</b>": hostile.output }));
  throw new Error(hostile.error);
});

/** Fails until the file \`gate\` is there. */
export const gated = workflow({ name: "shop/gated" }, async (ctx, input) => {
  await ctx.step("prepare", () => "ready");
  return ctx.step("enter", () => {
    if (!existsSync(input.gate)) throw new NonRetryableError("the gate is shut");
    return "inside";
  });
});

export const exchange = workflow({ name: "shop/exchange" }, async (ctx, input) => {
  await ctx.emit("asked", { run: ctx.run.id }, { key: input.key });
  const work = ctx.step("work", async () => {
    await new Promise((resolve) => setTimeout(resolve, 40));
    return "worked";
  });
  ctx.log("while it works", { part: 1 });
  await work;
  const word = await ctx.waitFor("answered", { key: input.key, match: { kind: "final" } });
  return word;
});

export const huge = workflow({ name: "report/huge" }, async (ctx, input) =>
  ctx.step("export", () => Array.from({ length: input.entries }, (_, id) => ({ id, name: "entry " + id, text: "x".repeat(80) }))),
);

export const quick = workflow({ name: "quick" }, async (ctx, input) => ctx.step("one", () => input));
`;

export interface RunShown {
  readonly id: string;
  readonly status: string;
  readonly input: unknown;
  readonly forkedFrom: string | null;
  readonly error: { readonly message: string } | null;
}

/** A server over the project, on a data folder of its own. */
export class RunsServer {
  readonly folder = mkdtempSync(join(tmpdir(), "sluice-runs-"));
  #server: ServerProcess | undefined;

  get server(): ServerProcess {
    if (this.#server === undefined) throw new Error("no server runs");
    return this.#server;
  }

  get url(): string {
    return this.server.url;
  }

  async start(...args: string[]): Promise<void> {
    const project = join(this.folder, "project");
    writeProject(project, { "workflows/all.ts": workflows });
    this.#server = await startServer({ project, data: join(this.folder, "data"), args });
  }

  async ask<T>(what: string, body?: unknown): Promise<T> {
    const answer = await call<T>(this.server, what, body);
    if (answer === undefined || answer.status >= 400) throw new Error(`${what}: ${JSON.stringify(answer?.body)}`);
    return answer.body;
  }

  /** `wait`: how long for its end. */
  async run(
    workflow: string,
    input: unknown,
    more: { readonly wait?: string; readonly tags?: string[] } = {},
  ): Promise<string> {
    const { wait = "20s", tags = [] } = more;
    const path = `/api/v1/workflows/${encodeURIComponent(workflow)}/runs?wait=${wait}`;
    return (await this.ask<{ run: RunShown }>(`POST ${path}`, { input, tags })).run.id;
  }

  async get(run: string): Promise<RunShown> {
    return (await this.ask<{ run: RunShown }>(`GET /api/v1/runs/${run}`)).run;
  }

  async list(query: string): Promise<readonly RunShown[]> {
    return (await this.ask<{ runs: readonly RunShown[] }>(`GET /api/v1/runs?${query}`)).runs;
  }

  /** Asks until the run is like this. */
  async until(run: string, is: (run: RunShown) => boolean): Promise<RunShown> {
    for (;;) {
      const shown = await this.get(run);
      if (is(shown)) return shown;
      await aTurn();
    }
  }

  /** A user with the role viewer, after the first user, who is an admin as the first has to be. */
  async addViewer(name: string, password: string): Promise<void> {
    await this.ask("POST /api/v1/users", { name: "admin", password, roles: ["admin"] });
    const { accessToken = "" } = await this.#post<{ accessToken?: string }>("/api/v1/auth/login", {
      name: "admin",
      password,
      kind: "program",
    });
    await this.#post("/api/v1/users", { name, password, roles: ["viewer"] }, accessToken);
  }

  async #post<T>(path: string, body: unknown, bearer?: string): Promise<T> {
    const headers = {
      "content-type": "application/json",
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    };
    const response = await fetch(this.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  async send(name: string, key: string, payload?: unknown): Promise<void> {
    await this.ask("POST /api/v1/events", { name, key, ...(payload === undefined ? {} : { payload }) });
  }
}
