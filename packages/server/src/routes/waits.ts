// Who waits for which event.
import type { Call } from "../call.ts";
import { showValue } from "../show.ts";
import { reply } from "../wire.ts";
import { limitOf } from "./runs.ts";

/** Waits for events that may be seen, of runs that may be seen. */
export async function listWaits(call: Call): Promise<Response> {
  const query = call.query();
  const event = query.text("event");
  const limit = limitOf(call, query);
  const cursor = query.text("cursor");
  query.done();
  const page = await call.parts.store.figures.listWaits({
    event,
    names: call.patterns("event:read"),
    access: call.access("run:read"),
    limit,
    cursor,
  });
  const waits = await Promise.all(
    page.waits.map(async ({ run, workflow, event: name, key, match, since, dueAt }) => ({
      run,
      workflow,
      event: name,
      key: key ?? null,
      match: await showValue(call.engine, call.wire, match),
      since,
      dueAt: dueAt ?? null,
    })),
  );
  return reply(call.wire, 200, { waits, nextCursor: page.next ?? null });
}
