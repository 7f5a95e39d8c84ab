// The room of clusters against a real control plane: the shipped command from a plan to its undoing, killed at every step of an
// operation; and the double that the fast tests stand on, held against the real server call by call.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessTo, ApiDouble, resourcesOf } from "@sluice/core/cluster/double";
import { commandsIn, readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { ControlPlane, controlPlaneToken, whyNoControlPlane } from "./control-plane.ts";
import { writeProject } from "./server-process.ts";

const missing = whyNoControlPlane();
if (missing !== undefined) console.error(`left out: ${missing}`);

type Resources = ReturnType<typeof resourcesOf>;
type Applied = Parameters<Resources["apply"]>[0]["object"];

const map = (name: string, data: object, meta: object = {}): Applied => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default", ...meta },
  data,
});
const named = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name });

function sorted(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, inner]) => `${name}:${sorted(inner)}`).join(",")}}`;
}

/** What is the same wherever it happens: outcome, code, data, and who owns what. */
async function outline(answer: Promise<unknown>): Promise<unknown> {
  const { ok, value, error } = (await answer) as {
    ok: boolean;
    value?: unknown;
    error?: { code: string; details?: { conflicts?: unknown } };
  };
  if (!ok) return { code: error?.code, conflicts: error?.details?.conflicts ?? [] };
  const outer = value as { object?: Applied; created?: boolean } | Applied | string | number | undefined;
  if (typeof outer !== "object") return outer;
  const object = ("object" in outer ? outer.object : outer) as Applied | undefined;
  if (object === undefined) return undefined;
  const managers = (object.metadata.managedFields ?? [])
    .map(({ manager, operation, fieldsV1 }) => [manager, operation, sorted(fieldsV1)])
    .toSorted((a, b) => (String(a) < String(b) ? -1 : 1));
  const created = "created" in outer ? outer.created : undefined;
  return { created, data: object["data"], immutable: object["immutable"], labels: object.metadata.labels, managers };
}

/** The same calls to any server; each answer as an outline. */
async function conversation(resources: Resources): Promise<unknown[]> {
  const said: unknown[] = [];
  const say = async (answer: Promise<unknown>): Promise<void> => void said.push(await outline(answer));
  const apply = (object: Applied, manager = "one", more: object = {}) => resources.apply({ object, manager, ...more });
  await say(resources.get(named("a")));
  await say(apply(map("a", { x: "1", y: "2" }), "one", { dryRun: true }));
  await say(resources.get(named("a")));
  await say(apply(map("a", { x: "1", y: "2" })));
  await say(apply(map("a", { x: "1", y: "2" })));
  await say(apply(map("a", { x: "1" })));
  await say(apply(map("a", { x: "other" }), "two"));
  await say(apply(map("a", { x: "1", z: "3" }), "two"));
  await say(apply(map("a", { x: "other" }), "two", { force: true }));
  await say(apply(map("a", { x: "1" }), "one"));
  await say(apply(map("a", {}, { labels: { l: "v" } }), "one"));
  const live = await resources.get(named("a"));
  const { uid, resourceVersion } = (live.ok ? live.value : undefined)?.metadata ?? {};
  await say(apply(map("a", {}, { labels: { l: "w" }, uid, resourceVersion }), "one"));
  await say(apply(map("a", {}, { labels: { l: "x" }, uid, resourceVersion }), "one"));
  await say(apply(map("a", {}, { uid: "11111111-1111-1111-1111-111111111111" }), "one"));
  await say(apply(map("none", {}, { uid: "11111111-1111-1111-1111-111111111111" }), "one"));
  await say(apply({ ...map("b", {}), metadata: { name: "b", namespace: "nowhere" } }));
  await say(
    resources
      .patch(named("a"), { type: "merge", patch: { data: { x: null, m: "1" } }, manager: "merger" })
      .then((answer) => (answer.ok ? { ok: true, value: { ...answer.value, metadata: { name: "a" } } } : answer)),
  );
  await say(apply({ ...map("i", { x: "1" }), immutable: true }));
  await say(apply({ ...map("i", { x: "1" }), immutable: false }, "one"));
  await say(resources.remove(named("a"), { uid: "11111111-1111-1111-1111-111111111111" }));
  await say(resources.remove(named("a"), { dryRun: true }));
  await say(resources.remove(named("a"), uid === undefined ? {} : { uid }));
  await say(resources.remove(named("a")));
  await say(resources.get({ apiVersion: "a.b/v1", kind: "None", name: "x" }));
  await say(
    apply({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "default" },
      spec: deploymentSpec("one"),
    }),
  );
  said.pop();
  await say(resources.scale({ apiVersion: "apps/v1", kind: "Deployment", name: "web" }));
  await say(resources.scale({ apiVersion: "apps/v1", kind: "Deployment", name: "web" }, 2));
  await say(resources.remove({ apiVersion: "apps/v1", kind: "Deployment", name: "web" }));
  await say(resources.remove(named("i")));
  return said;
}

function deploymentSpec(image: string): object {
  const template = {
    metadata: { labels: { app: "web" } },
    spec: { nodeName: "n", containers: [{ name: "c", image }] },
  };
  return { replicas: 1, selector: { matchLabels: { app: "web" } }, template };
}

describe.skipIf(missing !== undefined)("against a real control plane", () => {
  const work = mkdtempSync(join(tmpdir(), "sluice-cluster-"));
  const project = join(work, "shop");
  const { run, json, fails } = commandsIn(project);
  let plane: ControlPlane;
  let server: Running;

  const write = (files: Readonly<Record<string, object>>): void =>
    writeProject(
      project,
      Object.fromEntries(Object.entries(files).map(([path, object]) => [path, JSON.stringify(object)])),
    );
  const web = (image: string): object => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: deploymentSpec(image),
  });
  const start = async (): Promise<void> => {
    server = startSluice(["up", "--project", project, "--port", "0", "--json"]);
    await readyLine(server);
  };
  const object = (
    kind: string,
    name: string,
  ): { metadata: { generation: number }; spec: unknown; data: unknown } | undefined => {
    const { exitCode, stdout } = plane.command("get", kind, name, "-n", "shop", "-o", "json");
    return exitCode === 0 ? (JSON.parse(stdout) as never) : undefined;
  };

  beforeAll(async () => {
    plane = await ControlPlane.start();
    const node = {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "n", annotations: { "kwok.x-k8s.io/node": "fake" } },
      status: { allocatable: { cpu: "8", memory: "8Gi", pods: "100" } },
    };
    writeProject(work, { "node.json": JSON.stringify(node) });
    plane.command("create", "-f", join(work, "node.json"));
    plane.command("create", "namespace", "shop");
    writeProject(project, {
      "workflows/none.ts":
        'import { workflow } from "sluice";\nexport const none = workflow({ name: "none" }, async () => 1);\n',
    });
    await start();
    await json("cluster", "add", "main", "--kubeconfig", plane.kubeconfigFile);
  }, 180_000);
  afterAll(async () => {
    await stop(server);
    await plane[Symbol.asyncDispose]();
    rmSync(work, { recursive: true, force: true });
  });

  test("the double answers as the real one does", async () => {
    await using double = new ApiDouble();
    const endpoint = { server: plane.url, ca: plane.ca, insecure: false };
    const real = await conversation(
      resourcesOf(accessTo(plane.url, { endpoint, credentials: { kind: "token", token: controlPlaneToken } })),
    );
    const doubled = await conversation(resourcesOf(accessTo(double.url)));
    expect(doubled).toEqual(real);
  }, 60_000);

  test("a component is planned, applied, seen to be healthy, changed and undone, as kubectl sees it too", async () => {
    write({
      "web.yaml": { name: "web", cluster: "main", namespace: "shop", manifests: ["web"], policy: { approval: "self" } },
      "web/conf.json": { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "conf" }, data: { a: "1" } },
    });
    await json("cluster", "component", "add", "web.yaml");
    const plan = await json("cluster", "plan", "web");
    expect(Object.keys(plan)).toEqual(["id", "hash", "changes", "prune", "unknown", "violations"]);
    expect((await fails("cluster", "apply", plan.id)).error).toMatchObject({ code: "plan_not_approved" });
    await json("cluster", "approve", plan.id, "--hash", plan.hash);
    expect((await json("cluster", "apply", plan.id)).operation).toMatchObject({ status: "completed" });
    expect(object("configmap", "conf")?.data).toEqual({ a: "1" });
    expect((await json("cluster", "component", "health", "web")).health).toMatchObject({
      health: "Healthy",
      reconciled: "Current",
    });
    write({ "web/conf.json": { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "conf" }, data: { a: "2" } } });
    const second = await json("cluster", "plan", "web");
    expect(second.changes).toMatchObject([
      { action: "update", fields: [{ path: ".data.a", before: "1", after: "2" }] },
    ]);
    await json("cluster", "approve", second.id);
    const { operation } = await json("cluster", "apply", second.id);
    expect(object("configmap", "conf")?.data).toEqual({ a: "2" });
    expect((await json("cluster", "undo", operation.id)).operation).toMatchObject({ status: "completed" });
    expect(object("configmap", "conf")?.data).toEqual({ a: "1" });
    const stale = await json("cluster", "plan", "web");
    await json("cluster", "approve", stale.id);
    plane.command("patch", "configmap", "conf", "-n", "shop", "--type", "merge", "-p", '{"data":{"a":"theirs"}}');
    const refused = await run(["cluster", "apply", stale.id, "--json"]);
    expect([refused.exitCode, refused.stdout]).toEqual([
      1,
      expect.stringContaining("has changed since the plan was made"),
    ]);
  }, 120_000);

  test("killed at every step of an operation it goes on where it was, and nothing is done twice", async () => {
    write({
      "app.yaml": { name: "app", cluster: "main", namespace: "shop", manifests: ["app"], policy: { approval: "none" } },
      "app/web.json": web("image-0"),
      "app/conf.json": { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "app" }, data: { n: "0" } },
    });
    await json("cluster", "component", "add", "app.yaml");
    const first = await json("cluster", "plan", "app");
    expect((await json("cluster", "apply", first.id)).operation).toMatchObject({ status: "completed" });
    let generation = object("deployment", "web")?.metadata.generation ?? 0;
    for (let steps = 1; steps <= 8; steps++) {
      write({
        "app/web.json": web(`image-${steps}`),
        "app/conf.json": { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "app" }, data: { n: String(steps) } },
      });
      const plan = await json("cluster", "plan", "app");
      const { operation } = await json("cluster", "apply", plan.id, "--no-wait");
      const done = async (): Promise<number> => {
        const shown = await json("runs", "show", operation.run);
        return (shown.steps as { status: string }[]).filter(({ status }) => status === "completed").length;
      };
      while ((await done()) < steps - 1) await Bun.sleep(10);
      process.kill(-server.pid, "SIGKILL");
      await server.exited;
      await start();
      const ended = await json("cluster", "apply", plan.id);
      expect([steps, ended.operation.id, ended.operation.status]).toEqual([steps, operation.id, "completed"]);
      const deployment = object("deployment", "web");
      expect([steps, JSON.stringify(deployment?.spec).includes(`"image-${steps}"`)]).toEqual([steps, true]);
      // Each is written twice: taken over, and applied. Both count, for the API counts annotations of deployments.
      generation += 2;
      expect([steps, deployment?.metadata.generation]).toEqual([steps, generation]);
    }
  }, 300_000);

  test("a bootstrap that is killed on its way goes on, and applies each component once", async () => {
    const names = ["low", "middle", "high"];
    for (const [index, name] of names.entries()) {
      write({
        [`${name}.yaml`]: {
          name,
          cluster: "main",
          namespace: "shop",
          manifests: [name],
          dependsOn: names.slice(Math.max(0, index - 1), index),
          policy: { approval: "none" },
        },
        [`${name}/conf.json`]: { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { n: "1" } },
      });
      await json("cluster", "component", "add", `${name}.yaml`);
    }
    const begun = await json("cluster", "bootstrap", "high", "--no-wait");
    const steps = async (): Promise<readonly { name: string; status: string }[]> =>
      (await json("runs", "show", begun.run)).steps;
    for (const reached of ["plan low", "apply middle"]) {
      while (!(await steps()).some(({ name, status }) => name === reached && status === "completed"))
        await Bun.sleep(10);
      process.kill(-server.pid, "SIGKILL");
      await server.exited;
      await start();
    }
    for (;;) {
      const { run: now } = await json("runs", "show", begun.run);
      if (now.status === "completed") break;
      expect(["queued", "running", "waiting"]).toContain(now.status);
      await Bun.sleep(50);
    }
    for (const name of names) {
      expect(object("configmap", name)?.data).toEqual({ n: "1" });
      expect((await json("cluster", "component", "show", name)).component).toMatchObject({ version: 1, epoch: 1 });
    }
    expect((await json("cluster", "bootstrap", "high")).components).toEqual({
      low: "unchanged",
      middle: "unchanged",
      high: "unchanged",
    });
  }, 180_000);
});
