// Callbacks: anybody who was given the URL of a `ctx.token()` completes it, once.
import { unwrap } from "@sluice/core";
import { readPayload } from "../body.ts";
import type { Call } from "../call.ts";
import { reply } from "../wire.ts";

/** The body, whatever its form, is what `wait()` returns in the workflow. */
export async function completeCallback(call: Call): Promise<Response> {
  call.query().done();
  const { value, release } = await readPayload(call.request, call.parts);
  try {
    const { run } = unwrap(
      await call.engine.completeToken({ by: call.actor, token: call.param(0), kind: "callback", value: value() }),
    );
    return reply("json", 200, { runId: run });
  } finally {
    release();
  }
}
