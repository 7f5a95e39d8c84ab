// An engine that was stopped between observing and acting, and goes on after another has taken its component over: a real API server
// refuses every write of it, changes and creates alike.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessTo, ApiDouble, fenceCreates, resourcesOf } from "@sluice/core/cluster/double";
import { commandsIn, readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { ControlPlane, controlPlaneToken, whyNoControlPlane } from "./control-plane.ts";
import { writeProject } from "./server-process.ts";

const missing = whyNoControlPlane();
if (missing !== undefined) console.error(`left out: ${missing}`);

const manager = "sluice-shop";

interface Passed {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** Between engines and the cluster: holds the writes of a component until it is let go, and counts what came through. */
class Gateway {
  readonly #server;
  readonly passed: Passed[] = [];
  /** Writes that are held; the next ones go through once this many are. */
  held = 0;
  #holdMax = 0;
  #release = Promise.withResolvers<void>();

  constructor(plane: ControlPlane) {
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      fetch: (request) => this.#pass(plane, request),
    });
  }

  get url(): string {
    return this.#server.url.href.replace(/\/$/, "");
  }

  hold(count: number): void {
    [this.held, this.#holdMax] = [0, count];
  }

  release(): void {
    this.#release.resolve();
  }

  async #pass(plane: ControlPlane, request: Request): Promise<Response> {
    const { pathname, search, searchParams } = new URL(request.url);
    const body = request.method === "GET" ? undefined : await request.text();
    const writes = request.method !== "GET" && searchParams.get("dryRun") === null && !(body ?? "").includes("dryRun");
    if (writes && searchParams.get("fieldManager") === manager && this.held < this.#holdMax) {
      this.held++;
      await this.#release.promise;
    }
    const headers = new Headers(request.headers);
    headers.delete("host");
    headers.delete("accept-encoding");
    const answer = await fetch(plane.url + pathname + search, {
      method: request.method,
      headers,
      ...(body === undefined ? {} : { body }),
      tls: { ca: plane.ca },
    });
    if (writes) this.passed.push({ method: request.method, path: pathname, status: answer.status });
    return new Response(answer.body, { status: answer.status, headers: { "content-type": "application/json" } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }
}

async function until(reached: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await reached())) await Bun.sleep(20);
}

describe.skipIf(missing !== undefined)("against a real control plane", () => {
  const work = mkdtempSync(join(tmpdir(), "sluice-fence-"));
  const running: Running[] = [];
  let plane: ControlPlane;
  let gateway: Gateway;

  const map = (name: string, data: object): string =>
    JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data });
  const up = async (project: string): Promise<Running> => {
    const server = startSluice(["up", "--project", project, "--port", "0", "--json"]);
    running.push(server);
    await readyLine(server);
    return server;
  };
  const dataOf = (name: string): unknown => {
    const { exitCode, stdout } = plane.command("get", "configmap", name, "-o", "json");
    return exitCode === 0 ? (JSON.parse(stdout) as { data: unknown }).data : undefined;
  };

  beforeAll(async () => {
    plane = await ControlPlane.start();
    gateway = new Gateway(plane);
  }, 180_000);
  afterAll(async () => {
    for (const server of running) {
      server.kill("SIGCONT");
      await stop(server);
    }
    await gateway[Symbol.asyncDispose]();
    await plane[Symbol.asyncDispose]();
    rmSync(work, { recursive: true, force: true });
  }, 60_000);

  test("the double refuses a late create as the real one does", async () => {
    await using double = new ApiDouble();
    const endpoint = { server: plane.url, ca: plane.ca, insecure: false };
    const real = accessTo(plane.url, { endpoint, credentials: { kind: "token", token: controlPlaneToken } });
    const told = await Promise.all(
      [real, accessTo(double.url)].map(async (access) => {
        const resources = resourcesOf(access, { fencePollMs: 20 });
        const said: unknown[] = [];
        for (const epoch of [1, 3, 2]) {
          const fenced = await fenceCreates({ resources, manager: "sluice-told", epoch });
          said.push(fenced.ok ? fenced.value : fenced.error.code);
        }
        for (const epoch of [undefined, "2", "3"]) {
          const annotations = epoch === undefined ? {} : { "sluice.dev/epoch": epoch };
          const metadata = { name: `told-${epoch}`, namespace: "default", annotations };
          const object = { apiVersion: "v1", kind: "ConfigMap", metadata };
          for (const by of ["sluice-told", "somebody"]) {
            const made = await resources.apply({ object, manager: by, dryRun: true });
            said.push(made.ok ? "made" : `${made.error.code} ${/denied request: (.*)$/.exec(made.error.message)?.[1]}`);
          }
        }
        return said;
      }),
    );
    expect(told[1]).toEqual(told[0] ?? []);
    expect(told[0]).toEqual([
      "fenced",
      "fenced",
      "operation_superseded",
      "made",
      "made",
      "cluster_rejected A later operation has this component.",
      "made",
      "made",
      "made",
    ]);
  }, 120_000);

  test("stopped between observing and acting, superseded, and let go on: the API server refuses what it writes", async () => {
    const [first, second] = [join(work, "first"), join(work, "second")];
    const none = 'import { workflow } from "sluice";\nexport const none = workflow({ name: "none" }, async () => 1);\n';
    const shop = { name: "shop", cluster: "main", manifests: ["shop"], policy: { approval: "none" } };
    writeProject(first, {
      "workflows/none.ts": none,
      "shop.yaml": JSON.stringify(shop),
      "shop/conf.json": map("conf", { n: "0" }),
    });
    const user = { name: "u", user: { token: controlPlaneToken } };
    const context = { name: "main", context: { cluster: "c", user: "u" } };
    const cluster = { name: "c", cluster: { server: gateway.url } };
    const kubeconfig = { "current-context": "main", clusters: [cluster], users: [user], contexts: [context] };
    writeFileSync(join(work, "kubeconfig"), JSON.stringify(kubeconfig));

    const engine = await up(first);
    const here = commandsIn(first);
    await here.json("cluster", "add", "main", "--kubeconfig", join(work, "kubeconfig"));
    await here.json("cluster", "component", "add", "shop.yaml");
    await here.json("cluster", "apply", (await here.json("cluster", "plan", "shop")).id);
    expect(dataOf("conf")).toEqual({ n: "0" });

    // It has looked, and what it then sends is on its way when it is stopped.
    writeProject(first, { "shop/conf.json": map("conf", { n: "1" }), "shop/late.json": map("late", {}) });
    const plan = await here.json("cluster", "plan", "shop");
    gateway.hold(2);
    const { operation } = await here.json("cluster", "apply", plan.id, "--no-wait");
    await until(() => gateway.held === 2);
    process.kill(-engine.pid, "SIGSTOP");

    // Another engine has its data, goes on with the operation, and then applies something else.
    cpSync(first, second, {
      recursive: true,
      filter: (path) => !/\.sluice\/(lock|server\.json|run\b|.*\.sock)/.test(path),
    });
    writeProject(second, { "shop/conf.json": map("conf", { n: "2" }), "shop/late.json": "" });
    await up(second);
    const there = commandsIn(second);
    await until(async () => (await there.json("runs", "show", operation.run)).run.status === "completed");
    expect(dataOf("conf")).toEqual({ n: "1" });
    const later = await there.json("cluster", "apply", (await there.json("cluster", "plan", "shop")).id);
    expect(later.operation.status).toBe("completed");
    expect([dataOf("conf"), dataOf("late")]).toEqual([{ n: "2" }, undefined]);

    const before = gateway.passed.length;
    process.kill(-engine.pid, "SIGCONT");
    gateway.release();
    await until(
      async () =>
        !["running", "queued", "undoing"].includes((await here.json("runs", "show", operation.run)).run.status),
    );
    const late = gateway.passed.slice(before);
    expect(late.length).toBeGreaterThanOrEqual(2);
    expect(late.filter(({ status }) => status < 400)).toEqual([]);
    expect([dataOf("conf"), dataOf("late")]).toEqual([{ n: "2" }, undefined]);
  }, 240_000);
});
