// A backup over HTTP, while work goes on.
import { SluiceError } from "@sluice/protocol";
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
  const { backup: make } = call.parts;
  if (make === undefined) {
    throw new SluiceError({
      code: "unavailable",
      message: "This server makes no backups.",
      hint: "Stop it and copy its data folder.",
    });
  }
  call.mayIdle(backupIdleMs);
  return new Response(whileAllowed(call, await make()), { headers });
}

/** The copy of the database is made before the first byte is sent. */
const backupIdleMs = 200_000;
