// Runs as files: exported whole, and imported as history.
import { unwrap } from "@sluice/core";
import { importValue, parseRunExport } from "@sluice/protocol";
import type { RunExport } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { tokensFor } from "../journal-tokens.ts";
import { reply } from "../wire.ts";
import { answerRun, runNotFound } from "./runs.ts";
import { workflowNotFound } from "./workflows.ts";

/** What stands for a token that is not shown: a replay of the file finds a result there. */
const hiddenToken = { json: "hidden" } as const;

/**
 * Tokens are capabilities: they are left out where the journal would not show them either. Of a run that failed too, since a
 * retry makes its links good again.
 */
export async function exportRun(call: Call): Promise<Response> {
  call.query().done();
  const run = call.param(0);
  const { engine } = call;
  const record = await engine.store.getRun({ run, access: call.access("run:read") });
  if (record === undefined) throw runNotFound(run);
  const file = unwrap(await engine.history.export({ run, access: call.access("run:read") }));
  if (file.run.status === "completed") return reply("json", 200, file);
  return reply("json", 200, { ...file, journal: await withoutTokens(call, record.workflow, file.journal) });
}

async function withoutTokens(
  call: Call,
  workflow: string,
  journal: RunExport["journal"],
): Promise<RunExport["journal"]> {
  const mayShow = tokensFor(call, workflow);
  const shown: RunExport["journal"][number][] = [];
  for (const entry of journal) {
    const { kind, name, value } = entry;
    const hidden =
      kind === "token" && value !== undefined && !(await mayShow({ kind, name, value: importValue(value) }));
    shown.push(hidden ? { ...entry, value: hiddenToken } : entry);
  }
  return shown;
}

export async function importRun(call: Call): Promise<Response> {
  call.query().done();
  const file = parseRunExport((await call.body()).content);
  const { workflow } = file.run;
  call.requireOn("run:import", workflow, { seenBy: "workflow:read", missing: () => workflowNotFound(workflow) });
  const run = unwrap(await call.engine.history.import({ by: call.actor, file }));
  return answerRun(call, 201, { run });
}
