// The deployed workflows, and what is deployed where.
import { decodeValue, SluiceError, valueToJson } from "@sluice/protocol";
import type { TriggerManifest, WorkflowManifest } from "@sluice/protocol";
import { triggerKind, triggerName } from "@sluice/core";
import type { Call, WorkerProcess } from "../call.ts";
import { reply } from "../wire.ts";

function showTrigger(trigger: TriggerManifest): unknown {
  if (trigger.type === "webhook") {
    const { method, path, secret, secretRef } = trigger;
    const signed = secret !== undefined || secretRef !== undefined;
    return { type: "webhook", method, path: `/hooks${path}`, signed, name: triggerName(trigger) };
  }
  if (trigger.type !== "schedule") return { type: "other", kind: triggerKind(trigger), name: triggerName(trigger) };
  const { cron, timezone, input, catchUp, catchUpMax, overlap, jitter, name } = trigger;
  return {
    type: "schedule",
    cron,
    timezone,
    input: valueToJson(decodeValue(input)),
    catchUp,
    catchUpMax,
    overlap,
    jitterMs: jitter,
    name: name ?? null,
  };
}

/** A workflow without its secrets. */
function showWorkflow(manifest: WorkflowManifest, version: string): Record<string, unknown> {
  return {
    name: manifest.name,
    description: manifest.description ?? null,
    version,
    triggers: manifest.triggers.map(showTrigger),
    timeoutMs: manifest.timeout ?? null,
    retention: { ageMs: manifest.retention?.age ?? null, count: manifest.retention?.count ?? null },
    validates: manifest.validates,
    attributes: manifest.attributes ?? {},
    flow: manifest.flow ?? null,
  };
}

export function workflowNotFound(name: string): SluiceError {
  return new SluiceError({
    code: "workflow_not_found",
    message: `There is no workflow named ${JSON.stringify(name)}.`,
    hint: "GET /api/v1/workflows names those that are deployed.",
  });
}

export function listWorkflows(call: Call): Response {
  call.query().done();
  const seen = call.engine.deployments.workflows.filter(({ manifest }) => call.may("workflow:read", manifest.name));
  const workflows = seen.map(({ manifest, version }) => showWorkflow(manifest, version));
  return reply("json", 200, { workflows });
}

export function getWorkflow(call: Call): Response {
  call.query().done();
  const name = call.param(0);
  const current = call.may("workflow:read", name) ? call.engine.deployments.workflow(name) : undefined;
  if (current === undefined) throw workflowNotFound(name);
  const { manifest, version } = current;
  return reply("json", 200, { workflow: { ...showWorkflow(manifest, version), inputSchema: manifest.schema ?? null } });
}

export async function listDeployments(call: Call): Promise<Response> {
  call.query().done();
  const { engine, parts } = call;
  const access = call.access("run:read");
  const [versions, counts] = await Promise.all([
    engine.store.listVersions(),
    parts.store.figures.countByVersion({ access }),
  ]);
  const byVersion = Map.groupBy(counts, (each) => each.version);
  const { version, error, deployedAt, workers = [] } = parts.deployment();
  const processes = new Map(workers.map((each) => [each.id, each]));
  return reply("json", 200, {
    current: { version, deployedAt: deployedAt ?? null, error: error ?? null },
    versions: versions.map(({ version: code, createdAt }) => {
      const rows = byVersion.get(code) ?? [];
      const workflows = [...Map.groupBy(rows, ({ workflow }) => workflow)].map(([workflow, of]) => ({
        workflow,
        unfinishedRuns: of.reduce((sum, { runs }) => sum + runs, 0),
      }));
      const unfinishedRuns = workflows.reduce((sum, each) => sum + each.unfinishedRuns, 0);
      return { version: code, createdAt, unfinishedRuns, workflows };
    }),
    workers: await Promise.all(
      engine.deployments.workers.map(async ({ link, version: code, workflows, quarantine }) => ({
        id: link.id,
        version: code,
        workflows: [...workflows.keys()].filter((name) => call.may("workflow:read", name)),
        quarantine,
        process: await showProcess(call, processes.get(link.id)),
      })),
    ),
  });
}

async function showProcess(call: Call, process: WorkerProcess | undefined): Promise<unknown> {
  if (process === undefined) return null;
  const { pid, status, startedAt, runs, stalledIn = null } = process;
  const seen =
    stalledIn !== null &&
    (await call.engine.store.getRun({ run: stalledIn.run, access: call.access("run:read") })) !== undefined;
  return { pid, status, startedAt, runs, stalledIn: seen ? stalledIn : null };
}
