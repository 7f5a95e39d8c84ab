// Runs as files: exported whole, and imported as history.
import { unwrap } from "@sluice/core";
import { isFinalStatus, parseRunExport } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { reply } from "../wire.ts";
import { answerRun, runNotFound } from "./runs.ts";
import { workflowNotFound } from "./workflows.ts";

/** Tokens of a run that goes on are capabilities: only who may decide sees them. */
export async function exportRun(call: Call): Promise<Response> {
  call.query().done();
  const run = call.param(0);
  const { engine } = call;
  const record = await engine.store.getRun({ run, access: call.access("run:read") });
  if (record === undefined) throw runNotFound(run);
  const file = unwrap(await engine.history.export({ run, access: call.access("run:read") }));
  if (isFinalStatus(file.run.status) || call.may("approval:decide", record.workflow)) return reply("json", 200, file);
  const journal = file.journal.map((entry) => {
    const { value: _secret, ...rest } = entry;
    return entry.kind === "token" ? rest : entry;
  });
  return reply("json", 200, { ...file, journal });
}

export async function importRun(call: Call): Promise<Response> {
  call.query().done();
  const file = parseRunExport((await call.body()).content);
  const { workflow } = file.run;
  call.requireOn("run:import", workflow, { seenBy: "workflow:read", missing: () => workflowNotFound(workflow) });
  const run = unwrap(await call.engine.history.import({ by: call.actor, file }));
  return answerRun(call, 201, { run });
}
