// Keys of encrypted payloads: seen, rotated, erased. No key ever goes out.
import { unwrap } from "@sluice/core";
import type { PayloadVault } from "@sluice/core/secrets";
import { SluiceError } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { fieldsOf, optionalTextOf, textOf } from "../fields.ts";
import { reply } from "../wire.ts";
import { runNotFound } from "./runs.ts";

const workflowCharsMax = 128;

function vaultOf({ parts }: Call): PayloadVault {
  if (parts.payloads !== undefined) return parts.payloads;
  throw new SluiceError({ code: "unavailable", message: "This server keeps no keys of payloads." });
}

export async function listKeys(call: Call): Promise<Response> {
  call.query().done();
  return reply("json", 200, { workflows: await vaultOf(call).list() });
}

export async function rotateKeys(call: Call): Promise<Response> {
  call.query().done();
  const vault = vaultOf(call);
  const one = optionalTextOf(fieldsOf((await call.body()).content, ["workflow"]), "workflow", workflowCharsMax);
  const workflows = one === undefined ? (await vault.list()).map(({ workflow }) => workflow) : [one];
  let rewrapped = 0;
  for (const workflow of workflows) {
    rewrapped += unwrap(await vault.rotate({ by: call.actor, workflow })).rewrapped;
  }
  return reply("json", 200, { workflows: workflows.length, rewrapped });
}

export async function eraseKeys(call: Call): Promise<Response> {
  call.query().done();
  const workflow = textOf(fieldsOf((await call.body()).content, ["workflow"]), "workflow", workflowCharsMax);
  return reply("json", 200, unwrap(await vaultOf(call).eraseWorkflow({ by: call.actor, workflow })));
}

export async function eraseRun(call: Call): Promise<Response> {
  call.query().done();
  fieldsOf((await call.body()).content, []);
  const run = call.param(0);
  const record = await call.engine.store.getRun({ run });
  if (record === undefined) throw runNotFound(run);
  call.requireOn("run:erase", record.workflow, { seenBy: "run:read", missing: () => runNotFound(run) });
  if (record.payloadKey === undefined) {
    throw new SluiceError({
      code: "key_not_found",
      message: `Run ${run} is not encrypted: there is no key to erase.`,
      hint: "Delete the run; `encrypt: true` is for runs that start after it is deployed.",
    });
  }
  const erased = unwrap(await vaultOf(call).eraseKey({ by: call.actor, key: record.payloadKey }));
  call.engine.changes.note("runs", run);
  return reply("json", 200, erased);
}
