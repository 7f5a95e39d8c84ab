// Meshes against a real API server with Istio's own definitions: the shipped command upgrades one and releases a canary, and is killed at
// every step of both; each thing is done once all the same.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { commandsIn, readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { ControlPlane, whyNoControlPlane } from "./control-plane.ts";
import { istioDefinitions, PlaneMesh } from "./mesh-plane.ts";
import { writeProject } from "./server-process.ts";

const found = whyNoControlPlane() === undefined ? istioDefinitions() : { missing: whyNoControlPlane() ?? "" };
const missing = "missing" in found ? found.missing : undefined;
if (missing !== undefined) console.error(`left out: ${missing}`);

const routes = (more: object = {}): object => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "web", namespace: "shop" },
  spec: {
    hosts: ["web"],
    http: [
      { match: [{ uri: { prefix: "/admin" } }], route: [{ destination: { host: "web" } }] },
      { route: [{ destination: { host: "web", subset: "stable" } }] },
    ],
    ...more,
  },
});

interface Answered {
  readonly run: {
    readonly status: string;
    readonly error: { readonly message: string } | null;
    readonly output: unknown;
  };
  readonly steps: readonly { readonly status: string }[];
  readonly approvals: readonly { readonly token: string }[];
}

describe.skipIf(missing !== undefined)("a mesh in a real API server", () => {
  const work = mkdtempSync(join(tmpdir(), "sluice-mesh-"));
  const project = join(work, "shop");
  const { json, run: sluice } = commandsIn(project);
  let plane: ControlPlane;
  let mesh: PlaneMesh;
  let server: Running;
  let kills = 0;

  let url = "";
  const start = async (): Promise<void> => {
    server = startSluice(["up", "--project", project, "--port", "0", "--no-auth", "--json"], {
      env: { PATH: `${dirname(plane.kubectl)}:${process.env["PATH"] ?? ""}` },
    });
    url = (await readyLine(server)).url;
  };
  const asked = async (path: string, body?: object) => {
    const init =
      body === undefined
        ? {}
        : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    return (await fetch(`${url}/api/v1/${path}`, init)).json() as Promise<Answered>;
  };
  /** Kills the server whenever a step has been done, and approves what asks, until the run has ended. */
  const carriedOut = async (run: string) => {
    for (let done = 0; ;) {
      const { run: now } = await asked(`runs/${run}`);
      const { steps } = await asked(`runs/${run}/steps`);
      const ended = steps.filter(({ status }) => status === "completed").length;
      if (["completed", "failed", "cancelled", "timedout"].includes(now.status)) return now;
      if (ended > done) {
        done = ended;
        kills++;
        process.kill(-server.pid, "SIGKILL");
        await server.exited;
        await start();
        continue;
      }
      const [open] = now.status === "waiting" ? (await asked(`approvals?run=${run}`)).approvals : [];
      if (open !== undefined) await asked(`approvals/${open.token}`, { approved: true });
      else await Bun.sleep(20);
    }
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
    expect(plane.command("create", "-f", "file" in found ? found.file : "").exitCode).toBe(0);
    plane.command("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s");
    mesh = new PlaneMesh(plane);
    mesh.namespace("istio-system", {});
    mesh.revision("one", "1.28.1");
    mesh.revision("two", "1.29.0");
    mesh.tag("one");
    mesh.namespace("staging", { "istio-injection": "enabled" });
    mesh.namespace("shop", { "istio-injection": "enabled" });
    mesh.namespace("billing", { "istio.io/rev": "one" });
    for (const namespace of ["staging", "shop", "billing"]) mesh.workload(namespace, "web");
    const ports = [{ name: "http", port: 80 }];
    mesh.apply(
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "web", namespace: "shop" },
        spec: { selector: { app: "web" }, ports },
      },
      {
        apiVersion: "networking.istio.io/v1",
        kind: "DestinationRule",
        metadata: { name: "web", namespace: "shop" },
        spec: {
          host: "web",
          subsets: [
            { name: "stable", labels: { app: "web" } },
            { name: "canary", labels: { app: "web-canary" } },
          ],
        },
      },
      routes(),
    );
    writeProject(project, {
      "workflows/none.ts":
        'import { workflow } from "sluice";\nexport const none = workflow({ name: "none" }, async () => 1);\n',
    });
    await start();
    await json("cluster", "add", "main", "--kubeconfig", plane.kubeconfigFile);
  }, 180_000);
  afterAll(async () => {
    await stop(server);
    mesh[Symbol.dispose]();
    await plane[Symbol.asyncDispose]();
    rmSync(work, { recursive: true, force: true });
  });

  test("its state and its configuration are read as the cluster has them", async () => {
    for (;;) {
      const { mesh: state } = (await json("cluster", "mesh", "status", "main").catch(() => ({
        mesh: { proxies: [] },
      }))) as { mesh: { proxies: { revision: string; stale: string | null }[] } };
      if (state.proxies.length === 3 && state.proxies.every(({ stale }) => stale === null)) break;
      await Bun.sleep(100);
    }
    const { findings } = await json("cluster", "mesh", "analyze", "main");
    expect((findings as { level: string }[]).filter(({ level }) => level === "error")).toEqual([]);
    writeProject(work, {
      "broken.json": JSON.stringify(routes({ http: [{ route: [{ destination: { host: "gone" } }] }] })),
    });
    const broken = await sluice(["cluster", "mesh", "analyze", "main", "--file", join(work, "broken.json")]);
    expect([broken.exitCode, broken.stdout]).toEqual([1, expect.stringContaining("error IST0101 VirtualService")]);
  }, 120_000);

  test("a kustomization is rendered by the machine's own kubectl, planned and applied", async () => {
    const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "conf" }, data: { a: "1" } };
    writeProject(project, {
      "conf.yaml": JSON.stringify({
        name: "conf",
        cluster: "main",
        namespace: "shop",
        kustomize: "prod",
        policy: { approval: "none" },
      }),
      "base/kustomization.yaml": "resources: [conf.json]\n",
      "base/conf.json": JSON.stringify(map),
      "prod/kustomization.yaml": "resources: [../base]\nnamePrefix: prod-\ncommonAnnotations: { of: prod }\n",
    });
    await json("cluster", "component", "add", "conf.yaml");
    const plan = await json("cluster", "plan", "conf");
    expect((await json("cluster", "apply", plan.id)).operation).toMatchObject({ status: "completed" });
    expect(mesh.get("configmap", "prod-conf", "shop")).toMatchObject({
      data: { a: "1" },
      metadata: { annotations: { of: "prod" } },
    });
  }, 120_000);

  test("killed at every step of a canary it goes on, and each share is written once", async () => {
    mesh.workload("shop", "web-canary", "app:2");
    const canary = {
      namespace: "shop",
      virtualService: "web",
      host: "web",
      stable: { subset: "stable", deployment: "web" },
      canary: { subset: "canary", deployment: "web-canary" },
      weights: [10, 50],
      intervalMs: 100,
      looks: 1,
      mirror: true,
      promotion: "approved",
    };
    writeProject(work, { "canary.json": JSON.stringify(canary) });
    const before = mesh.get("virtualservice", "web", "shop");
    kills = 0;
    const { run } = await json("cluster", "mesh", "canary", "main", join(work, "canary.json"), "--no-wait");
    const ended = await carriedOut(run);
    expect([ended.status, ended.error, ended.output]).toMatchObject(["completed", null, { promoted: "images" }]);
    const after = mesh.get("virtualservice", "web", "shop");
    // Mirrored, two shares, and back.
    const grown = (after?.metadata.generation ?? 0) - (before?.metadata.generation ?? 0);
    expect([after?.spec, grown]).toEqual([before?.spec, 4]);
    expect(mesh.get("deployment", "web", "shop")?.spec.template?.spec.containers).toMatchObject([{ image: "app:2" }]);
    expect([mesh.count("replicaset", "shop"), mesh.get("deployment", "web-canary", "shop")?.spec.replicas]).toEqual([
      3, 0,
    ]);
    expect(kills).toBeGreaterThan(5);
  }, 300_000);

  test("killed at every step of an upgrade it goes on, and everything is restarted once", async () => {
    const sets = (namespace: string): number => mesh.count("replicaset", namespace);
    const before = { staging: sets("staging"), shop: sets("shop"), billing: sets("billing") };
    const tag = () =>
      plane.command(
        "get",
        "mutatingwebhookconfiguration",
        "istio-revision-tag-default",
        "-o",
        "jsonpath={.metadata.generation}",
      ).stdout;
    const generation = Number(tag());
    kills = 0;
    const { run } = await json(
      "cluster",
      "mesh",
      "upgrade",
      "main",
      "--from",
      "one",
      "--to",
      "two",
      "--first",
      "staging",
      "--approval",
      "self",
      "--no-wait",
    );
    const ended = await carriedOut(run);
    expect([ended.status, ended.error]).toEqual(["completed", null]);
    const { mesh: state } = await json("cluster", "mesh", "status", "main");
    expect(state).toMatchObject({ revisions: [{ name: "two", version: "1.29.0" }], validator: "two", problems: [] });
    expect((state.proxies as { revision: string }[]).every(({ revision }) => revision === "two")).toBe(true);
    // The canary has no pod to restart, and its template is made anew with the others of its namespace.
    expect({ staging: sets("staging"), shop: sets("shop"), billing: sets("billing") }).toEqual({
      staging: before.staging + 1,
      shop: before.shop + 2,
      billing: before.billing + 1,
    });
    expect(Number(tag())).toBe(generation + 1);
    expect(kills).toBeGreaterThan(5);
  }, 300_000);
});
