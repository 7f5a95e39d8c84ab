// A backup over HTTP, while work goes on.
import { stateIntent } from "@sluice/core/identity";
import { SluiceError } from "@sluice/protocol";
import { withOutcome } from "../audited-stream.ts";
import type { Call } from "../call.ts";
import { fieldsOf } from "../fields.ts";
import { nosniff } from "../hygiene.ts";
import { whileAllowed } from "../streams.ts";

const headers = {
  ...nosniff,
  "content-type": "application/x-tar",
  "content-disposition": 'attachment; filename="sluice-backup.tar"',
  "cache-control": "no-store",
};

/** The archive as it is made. A failure in the middle ends the body early: an archive without its end is no backup. */
export async function backup(call: Call): Promise<Response> {
  call.query().done();
  fieldsOf((await call.body()).content, []);
  return archiveOf(call);
}

export async function downloadBackup(call: Call): Promise<Response> {
  call.query().done();
  return archiveOf(call);
}

async function archiveOf(call: Call): Promise<Response> {
  const { backup: make } = call.parts;
  if (make === undefined) {
    throw new SluiceError({
      code: "unavailable",
      message: "This server makes no backups.",
      hint: "Stop it and copy its data folder.",
    });
  }
  call.mayIdle(backupIdleMs);
  const { clock, log, store } = call.parts;
  const target = `backup:${store.instance}`;
  const intent = await stateIntent({ log: store.audit, clock }, { by: call.actor, action: "backup:create", target });
  let archive;
  try {
    archive = await make();
  } catch (error) {
    await intent.failed(error);
    throw error;
  }
  return new Response(whileAllowed(call, withOutcome(archive, { intent, log })), { headers });
}

/** The copy of the database is made before the first byte is sent. */
const backupIdleMs = 200_000;
