// The deployed workflows, and what is deployed where.
import { decodeValue, SluiceError, valueToJson } from "@sluice/protocol";
import type { TriggerManifest, WorkflowManifest } from "@sluice/protocol";
import type { Call, WorkerProcess } from "../call.ts";
import { reply } from "../wire.ts";

function showTrigger(trigger: TriggerManifest): unknown {
  if (trigger.type === "webhook") {
    const { method, path, secret } = trigger;
    return { type: "webhook", method, path: `/hooks${path}`, signed: secret !== undefined };
  }
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
  };
}

export function listWorkflows(call: Call): Response {
  call.query().done();
  const workflows = call.engine.deployments.workflows.map(({ manifest, version }) => showWorkflow(manifest, version));
  return reply("json", 200, { workflows });
}

export function getWorkflow(call: Call): Response {
  call.query().done();
  const name = call.param(0);
  const current = call.engine.deployments.workflow(name);
  if (current === undefined) {
    throw new SluiceError({
      code: "workflow_not_found",
      message: `There is no workflow named ${JSON.stringify(name)}.`,
      hint: "GET /api/v1/workflows names those that are deployed.",
    });
  }
  const { manifest, version } = current;
  return reply("json", 200, { workflow: { ...showWorkflow(manifest, version), inputSchema: manifest.schema ?? null } });
}

export async function listDeployments(call: Call): Promise<Response> {
  call.query().done();
  const { engine, parts } = call;
  const [versions, inUse] = await Promise.all([engine.store.listVersions(), engine.store.versionsInUse()]);
  const runs = new Map(inUse.map((each) => [each.version, each.runs]));
  const { version, error, deployedAt, workers = [] } = parts.deployment();
  const processes = new Map(workers.map((each) => [each.id, each]));
  return reply("json", 200, {
    current: { version, deployedAt: deployedAt ?? null, error: error ?? null },
    versions: versions.map((each) => ({
      version: each.version,
      createdAt: each.createdAt,
      unfinishedRuns: runs.get(each.version) ?? 0,
    })),
    workers: engine.deployments.workers.map(({ link, version: code, workflows, quarantine }) => ({
      id: link.id,
      version: code,
      workflows: [...workflows.keys()],
      quarantine,
      process: showProcess(processes.get(link.id)),
    })),
  });
}

function showProcess(process: WorkerProcess | undefined): unknown {
  if (process === undefined) return null;
  const { pid, status, startedAt, runs, stalledIn } = process;
  return { pid, status, startedAt, runs, stalledIn: stalledIn ?? null };
}
