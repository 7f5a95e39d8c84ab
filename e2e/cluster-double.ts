// A cluster to look at in the console: the double of its API with what the controller of deployments does, and a server that knows it.
import { ApiDouble } from "@sluice/core/cluster/double";
import { call } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

type Doubled = Parameters<ApiDouble["changed"]>[0];

/** Deployments become available at once; one of image `broken` never does. */
export function doubleWithControllers(): ApiDouble {
  const double = new ApiDouble();
  double.changed = (object: Doubled) => {
    const { generation, name, namespace } = object.metadata;
    const seen = object["status"] as { observedGeneration?: number } | undefined;
    if (object.kind !== "Deployment" || seen?.observedGeneration === generation) return;
    const spec = object["spec"] as { replicas?: number };
    const count = spec.replicas ?? 1;
    const broken = JSON.stringify(spec).includes('"broken"');
    const ready = broken ? 0 : count;
    const counts = { replicas: count, updatedReplicas: count, availableReplicas: ready, readyReplicas: ready };
    const conditions = broken
      ? [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "it takes too long" }]
      : [{ type: "Available", status: "True" }];
    double.touch("Deployment", name, { status: { observedGeneration: generation, ...counts, conditions } }, namespace);
  };
  return double;
}

export function kubeconfigOf(double: ApiDouble): string {
  const user = { name: "u", user: { token: "t" } };
  const context = { name: "main", context: { cluster: "c", user: "u" } };
  const cluster = { name: "c", cluster: { server: double.url } };
  return JSON.stringify({ "current-context": "main", clusters: [cluster], users: [user], contexts: [context] });
}

interface PlanAnswer {
  readonly plan: { readonly id: string; readonly hash: string };
}

/** Asks and insists on an answer. */
export async function asked<T>(server: ServerProcess, route: string, body?: object): Promise<T> {
  const answer = await call<T>(server, route, body);
  if (answer === undefined || answer.status >= 300) throw new Error(`${route}: ${JSON.stringify(answer?.body)}`);
  return answer.body;
}

export async function planOf(server: ServerProcess, component: string): Promise<PlanAnswer["plan"]> {
  return (await asked<PlanAnswer>(server, `POST /api/v1/components/${component}/plans`, {})).plan;
}

/** Applies what is declared, and waits for the end of its run. */
export async function applied(server: ServerProcess, component: string): Promise<{ readonly run: string }> {
  const { id, hash } = await planOf(server, component);
  const begun = await asked<{ readonly operation: { readonly run: string } }>(
    server,
    `POST /api/v1/plans/${id}/apply`,
    { hash },
  );
  for (;;) {
    const path = `GET /api/v1/runs/${begun.operation.run}?wait=20s`;
    const { run } = await asked<{ readonly run: { readonly status: string } }>(server, path);
    if (run.status === "completed") return begun.operation;
    if (["failed", "cancelled", "timedout"].includes(run.status)) throw new Error(`${component}: ${run.status}`);
  }
}
