// Events from outside: what waits for one goes on.
import { unwrap } from "@sluice/core";
import { valueField } from "../body.ts";
import type { Call } from "../call.ts";
import { fieldsOf, optionalTextOf, textOf } from "../fields.ts";
import { reply } from "../wire.ts";

const nameCharsMax = 512;

/** 201 for a stored event, 200 for a second one with its id. */
export async function sendEvent(call: Call): Promise<Response> {
  call.query().done();
  const body = await call.body();
  const fields = fieldsOf(body.content, ["name", "payload", "key", "id"]);
  const sent = await call.engine.emit({
    by: call.actor,
    name: textOf(fields, "name", nameCharsMax),
    payload: valueField(body, "payload"),
    key: optionalTextOf(fields, "key", nameCharsMax),
    id: optionalTextOf(fields, "id", nameCharsMax),
  });
  const { event, duplicate } = unwrap(sent);
  return reply("json", duplicate ? 200 : 201, { event, duplicate });
}
