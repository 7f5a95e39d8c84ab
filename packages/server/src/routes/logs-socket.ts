// The WebSocket of logs: who may send, who may follow, and for which tenant.
import { SluiceError } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { LogSocket } from "../logs/log-socket.ts";
import { tenantOf } from "../logs/tenant.ts";
import { forbidden } from "../principal.ts";

export async function connectLogs(call: Call): Promise<Response> {
  const query = call.query();
  const named = query.text("tenant");
  query.done();
  const writesTo = call.may("log:write") ? allowed(() => tenantOf(call, "log:write", named)) : undefined;
  const reads = call.may("log:read") ? allowed(() => tenantOf(call, "log:read", named)) : undefined;
  if (writesTo === undefined && reads === undefined) throw new SluiceError(forbidden("log:write"));
  const { logs, clock } = call.parts;
  if (logs === undefined) throw new SluiceError({ code: "unavailable", message: "This server keeps no logs." });
  const desk = await logs();
  if (desk.clients.open >= desk.limits.logSocketsMax) {
    throw new SluiceError({
      code: "too_many_requests",
      message: `${desk.clients.open} connections are open (logSocketsMax).`,
      hint: "Come back later.",
    });
  }
  return call.upgrade(() => {
    const onEnded = (listener: () => void): (() => void) => call.onEnded(listener);
    const clientId = crypto.randomUUID();
    return new LogSocket({ desk, clock, clientId, writesTo, reads, onEnded, soon: (run) => void setImmediate(run) });
  });
}

/** Undefined where it is another's tenant: one may be allowed to send and not to look, or the other way round. */
function allowed(tenant: () => string): string | undefined {
  try {
    return tenant();
  } catch (error) {
    if (error instanceof SluiceError && error.code === "forbidden") return undefined;
    throw error;
  }
}
