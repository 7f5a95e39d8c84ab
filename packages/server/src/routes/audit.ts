// The audit trail: searched, taken out as it is, and checked.
import type { AuditFilter, AuditOutcome } from "@sluice/core";
import { auditView, exportAudit as exportRows } from "@sluice/core/identity";
import type { Call } from "../call.ts";
import { fieldsOf, quoted, refuse } from "../fields.ts";
import { nosniff } from "../hygiene.ts";
import type { Query } from "../query.ts";
import { whileAllowed } from "../streams.ts";
import { reply } from "../wire.ts";
import { limitOf } from "./runs.ts";

const outcomes: readonly AuditOutcome[] = ["done", "refused", "failed", "intended"];
const exportHeaders = {
  ...nosniff,
  "content-type": "application/x-ndjson",
  "content-disposition": 'attachment; filename="sluice-audit.jsonl"',
  "cache-control": "no-store",
};
/** A page of rows that fit a narrow filter may take a while to find. */
const exportIdleMs = 120_000;

function filterOf(query: Query): AuditFilter {
  return {
    actor: query.text("actor"),
    action: query.text("action"),
    target: query.text("target"),
    outcome: outcomeOf(query),
    text: query.text("text"),
    from: query.time("from"),
    to: query.time("to"),
  };
}

function outcomeOf(query: Query): AuditOutcome | undefined {
  const [outcome, ...more] = query.listOf("outcome", outcomes) ?? [];
  if (more.length > 0) refuse("invalid_filter", "outcome is given twice.", "Give it once.");
  return outcome;
}

export async function searchAudit(call: Call): Promise<Response> {
  const query = call.query();
  const filter = filterOf(query);
  const limit = limitOf(call, query);
  const before = query.integer("cursor", { min: 1, max: Number.MAX_SAFE_INTEGER });
  query.done();
  const { records, next } = await call.parts.store.audit.searchAudit({ filter, limit, before });
  const nextCursor = next === undefined ? null : String(next);
  return reply("json", 200, { records: records.map(auditView), nextCursor });
}

export async function getAuditRow(call: Call): Promise<Response> {
  call.query().done();
  const text = call.param(0);
  const seq = /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
  const [record] = seq === undefined ? [] : await call.parts.store.audit.readAudit({ after: seq - 1, limit: 1 });
  if (record === undefined || record.seq !== seq) {
    refuse("not_found", `The audit trail has no row ${quoted(text)}.`, "It may be older than what is kept.");
  }
  return reply("json", 200, { record: auditView(record) });
}

/** A failure in the middle ends the body early, which clients see as a failure. */
export function exportAudit(call: Call): Response {
  const query = call.query();
  const filter = filterOf(query);
  query.done();
  const lines = exportRows(call.parts.store.audit, filter);
  call.mayIdle(exportIdleMs);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await lines.next();
        if (next.done === true) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      },
      async cancel() {
        await lines.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(whileAllowed(call, body), { headers: exportHeaders });
}

export async function verifyAudit(call: Call): Promise<Response> {
  call.query().done();
  fieldsOf((await call.body()).content, []);
  call.mayIdleForever();
  return reply("json", 200, await call.parts.verifyAudit());
}
