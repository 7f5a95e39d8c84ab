// For tests: a cluster with one Deployment, whose readiness is told.
import { ok } from "../../../kernel/result.ts";
import { ApiDouble } from "../../double/api-double.suite.ts";
import { accessTo, resourcesOf } from "../../double/bench.suite.ts";

export async function clusterBench() {
  const double = new ApiDouble();
  const resources = resourcesOf(accessTo(double.url));
  return {
    opened: ok(resources),
    async put(replicas: number): Promise<void> {
      const selector = { matchLabels: { app: "web" } };
      const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "i" }] } };
      const spec = { replicas, selector, template };
      const object = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web", namespace: "default" },
        spec,
      };
      const applied = await resources.apply({ object, manager: "test" });
      if (!applied.ok) throw new Error(applied.error.message);
    },
    ready(readyReplicas: number): void {
      double.touch("Deployment", "web", { status: { readyReplicas } }, "default");
    },
    [Symbol.asyncDispose]: () => double[Symbol.asyncDispose](),
  };
}
