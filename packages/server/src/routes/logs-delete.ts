// Logs are deleted by a filter: masked when this answers, gone from the files soon after, and in the audit trail for good.
import { timeMsMax } from "@sluice/core/logs";
import { audited } from "@sluice/core/identity";
import type { Call } from "../call.ts";
import { optionalTextOf, refuse } from "../fields.ts";
import { tenantOf } from "../logs/tenant.ts";
import { reply } from "../wire.ts";
import { deskOf, queryCharsMax, timeField, understood } from "./logs.ts";
import { bodyOf } from "./sign-in.ts";

export async function deleteLogs(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["query", "from", "to", "tenant"]);
  const query = optionalTextOf(body, "query", queryCharsMax);
  if (query === undefined) return refuse("bad_request", "query is missing.", "A filter; `*` is everything.");
  const tenant = tenantOf(call, "log:delete", optionalTextOf(body, "tenant", 128));
  const { pipes, fromMs, toMs } = understood(query, call.parts.clock.now());
  if (pipes.length > 0 || fromMs !== -Infinity || toMs !== Infinity) {
    refuse(
      "invalid_filter",
      "What is deleted is named by a filter without pipes and without _time.",
      "Use from and to.",
    );
  }
  const span = { fromMs: timeField(body, "from") ?? 0, toMs: timeField(body, "to") ?? timeMsMax + 1 };
  const { store } = await deskOf(call);
  const { store: all, clock } = call.parts;
  const after = JSON.stringify({ query, from: span.fromMs, to: span.toMs });
  const { id, upToSeq } = await audited(
    { log: all.audit, clock },
    { by: call.actor, action: "log:delete", target: `logs:${tenant}`, after },
    { action: () => store.bury({ tenant, query, ...span }) },
  );
  return reply("json", 202, { id, upToSeq });
}
