// Pages of stored events in order of arrival, all or those somebody may see.
import type { EventRecord, RunStore } from "../../kernel/run-store.ts";
import type { Connection } from "./connection.ts";
import { fitsPatterns, type Condition } from "./patterns.ts";

type Params = Parameters<RunStore["listEvents"]>[0];
type EventRow = Omit<EventRecord, "key"> & { readonly key: string | null };

/** Events looked at in order before the index of names is asked instead. */
const lookedAtMax = 1_000;

const columns = "id, name, key, payload, at";
const allSql = `SELECT ${columns} FROM events WHERE id > ? ORDER BY id LIMIT ?`;

/**
 * In order of arrival. Names that are frequent are met soon when one goes on from `after`; of those that are not the index of
 * names has few.
 */
export function listEvents(db: Connection, p: Params): EventRecord[] {
  const fits = conditionOf(p);
  if (fits === undefined) return db.rows<EventRow>(allSql, p.after, p.limit).map(toEvent);
  const nearSql = `SELECT ${columns} FROM (SELECT ${columns} FROM events WHERE id > ? ORDER BY id LIMIT ?)
    WHERE ${fits.sql} ORDER BY id LIMIT ?`;
  const near = db.rows<EventRow>(nearSql, p.after, lookedAtMax, ...fits.values, p.limit);
  if (near.length === p.limit) return near.map(toEvent);
  const farSql = `SELECT ${columns} FROM events WHERE id IN
    (SELECT id FROM events INDEXED BY events_by_name WHERE ${fits.sql} AND id > ? ORDER BY id LIMIT ?) ORDER BY id`;
  return db.rows<EventRow>(farSql, ...fits.values, p.after, p.limit).map(toEvent);
}

/** Undefined when every event fits. */
function conditionOf({ name, names }: Params): Condition | undefined {
  const conditions = [
    ...(name === undefined ? [] : [{ sql: "name = ?", values: [name] }]),
    ...(names === undefined ? [] : [fitsPatterns("name", names)]),
  ].filter(({ sql }) => sql !== "1");
  if (conditions.length === 0) return undefined;
  return {
    sql: conditions.map(({ sql }) => sql).join(" AND "),
    values: conditions.flatMap(({ values }) => values),
  };
}

function toEvent({ key, ...event }: EventRow): EventRecord {
  return key === null ? event : { ...event, key };
}
