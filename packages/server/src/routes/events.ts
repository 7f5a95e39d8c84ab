// Events from outside: what waits for one goes on.
import { unwrap } from "@sluice/core";
import { valueField } from "../body.ts";
import type { Call } from "../call.ts";
import { fieldsOf, optionalTextOf, quoted, refuse, textOf } from "../fields.ts";
import { takeWhileSmall } from "../pages.ts";
import { reply } from "../wire.ts";
import { limitOf } from "./runs.ts";

const nameCharsMax = 512;

/** 201 for a stored event, 200 for a second one with its id. */
export async function sendEvent(call: Call): Promise<Response> {
  call.query().done();
  const body = await call.body();
  const fields = fieldsOf(body.content, ["name", "payload", "key", "id"]);
  const name = textOf(fields, "name", nameCharsMax);
  call.require("event:send", name);
  const sent = await call.engine.emit({
    by: call.actor,
    name,
    payload: valueField(body, "payload"),
    key: optionalTextOf(fields, "key", nameCharsMax),
    id: optionalTextOf(fields, "id", nameCharsMax),
  });
  const { event, duplicate } = unwrap(sent);
  return reply("json", duplicate ? 200 : 201, { event, duplicate });
}

const orders = ["oldest", "newest"] as const;

/** Stored events, oldest first or newest first; `after` is the number of the last one that was seen. */
export async function listEvents(call: Call): Promise<Response> {
  const query = call.query();
  const limit = limitOf(call, query);
  const name = query.text("name");
  const after = query.integer("after", { min: 0, max: Number.MAX_SAFE_INTEGER }) ?? 0;
  const orderText = query.text("order");
  query.done();
  const order = orders.find((each) => each === orderText);
  if (orderText !== undefined && order === undefined)
    refuse("invalid_filter", `There is no order ${quoted(orderText)}.`, "Known are oldest and newest.");
  const { engine, wire } = call;
  const found = await engine.store.listEvents({ name, names: call.patterns("event:read"), after, order, limit });
  const page = await takeWhileSmall(call, found, (event) => event.payload);
  const events = page.map(([{ id, name: eventName, key, at }, payload]) => ({
    id,
    name: eventName,
    key: key ?? null,
    payload,
    at,
  }));
  const more = events.length === limit || events.length < found.length;
  return reply(wire, 200, { events, next: more ? (events.at(-1)?.id ?? null) : null });
}
