// For tests: a server with a cluster and a project, and what one does with them, asked over HTTP and held against the contract.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ApiDouble } from "@sluice/core/cluster/double";
import type { RouteName } from "@sluice/protocol/http";
import { asking } from "../contract-fixture.suite.ts";
import type { Ask } from "../contract-fixture.suite.ts";
import { HttpFixture } from "../http-fixture.ts";
import type { FixtureOptions } from "../http-fixture.ts";

export function kubeconfig(server: string): string {
  const user = { name: "u", user: { token: "t" } };
  const context = { name: "main", context: { cluster: "c", user: "u" } };
  const cluster = { name: "c", cluster: { server } };
  return JSON.stringify({ "current-context": "main", clusters: [cluster], users: [user], contexts: [context] });
}

export const configMap = (name: string, data: object): string =>
  JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data });

export const deployment = (name: string, image: string): string =>
  JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image }] } },
    },
  });

/** Does what the controller of deployments does; images named `broken` never become ready. */
function control(double: ApiDouble): void {
  double.changed = (object) => {
    const { generation } = object.metadata;
    const status = object["status"] as { observedGeneration?: number } | undefined;
    if (object.kind !== "Deployment" || status?.observedGeneration === generation) return;
    const broken = JSON.stringify(object["spec"]).includes('"broken"');
    const counts = {
      replicas: 1,
      updatedReplicas: 1,
      availableReplicas: broken ? 0 : 1,
      readyReplicas: broken ? 0 : 1,
    };
    const conditions = broken
      ? [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "it takes too long" }]
      : [{ type: "Available", status: "True" }];
    const { name, namespace } = object.metadata;
    double.touch("Deployment", name, { status: { observedGeneration: generation, ...counts, conditions } }, namespace);
  };
}

export class ClusterRig {
  readonly double: ApiDouble;
  readonly fixture: HttpFixture;
  readonly visited = new Set<RouteName>();
  readonly ask: Ask;

  private constructor(double: ApiDouble, fixture: HttpFixture) {
    this.double = double;
    this.fixture = fixture;
    this.ask = asking(() => fixture, this.visited);
  }

  /** With the cluster `main`. */
  static async make(options: FixtureOptions = {}): Promise<ClusterRig> {
    const double = new ApiDouble();
    control(double);
    const rig = new ClusterRig(double, await HttpFixture.make(options));
    const added = await rig.ask("addCluster", [], { body: { name: "main", kubeconfig: kubeconfig(double.url) } });
    if (added.status !== 200) throw new Error(JSON.stringify(added.body));
    return rig;
  }

  write(path: string, text: string): void {
    const file = join(this.fixture.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Declares a component of one folder. */
  async component(name: string, manifests: Readonly<Record<string, string>>, more: object = {}): Promise<void> {
    for (const [file, text] of Object.entries(manifests)) this.write(`${name}/${file}`, text);
    const spec = { name, cluster: "main", manifests: [name], policy: { approval: "none" }, ...more };
    this.write(`${name}.yaml`, JSON.stringify(spec));
    const added = await this.ask("addComponent", [], { body: { file: `${name}.yaml` } });
    if (added.status !== 200) throw new Error(JSON.stringify(added.body));
  }

  async plan(component: string) {
    return (await this.ask("createPlan", [component], { body: {} })).body.plan;
  }

  /** Begins to apply what is declared now; the operation. */
  async begin(component: string) {
    const plan = await this.plan(component);
    const answer = await this.ask("applyPlan", [plan.id], { body: { hash: plan.hash } });
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body.operation;
  }

  /** The operation once its run has ended. */
  async ended(operation: { readonly id: string; readonly run: string }) {
    await this.fixture.engine.ended(operation.run);
    return (await this.ask("getOperation", [operation.id])).body.operation;
  }

  async apply(component: string) {
    return this.ended(await this.begin(component));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fixture[Symbol.asyncDispose]();
    await this.double[Symbol.asyncDispose]();
  }
}
