// Pages of stored events in order of arrival, all or those somebody may see.
import type { EventRecord, RunStore } from "../../kernel/run-store.ts";
import type { Connection } from "./connection.ts";
import { fitsPatterns, type Condition } from "./patterns.ts";

type Params = Parameters<RunStore["listEvents"]>[0];
type EventRow = Omit<EventRecord, "key"> & { readonly key: string | null };

/** Events looked at in order before the index of names is asked instead. */
const lookedAtMax = 1_000;

const columns = "id, name, key, payload, at";
/** Going on from `after`, in both directions. */
const oldestFirst = { fits: "id > ?", order: "ORDER BY id" };
const newestFirst = { fits: "id < ?", order: "ORDER BY id DESC" };

/**
 * In order of arrival, or newest first. Names that are frequent are met soon when one goes on from `after`; of those that
 * are not the index of names has few.
 */
export function listEvents(db: Connection, p: Params): EventRecord[] {
  const fits = conditionOf(p);
  const way = p.order === "newest" ? newestFirst : oldestFirst;
  const after = p.order === "newest" && p.after === 0 ? Number.MAX_SAFE_INTEGER : p.after;
  const allSql = `SELECT ${columns} FROM events WHERE ${way.fits} ${way.order} LIMIT ?`;
  if (fits === undefined) return db.rows<EventRow>(allSql, after, p.limit).map(toEvent);
  const nearSql = `SELECT ${columns} FROM (${allSql}) WHERE ${fits.sql} ${way.order} LIMIT ?`;
  const near = db.rows<EventRow>(nearSql, after, lookedAtMax, ...fits.values, p.limit);
  if (near.length === p.limit) return near.map(toEvent);
  const farSql = `SELECT ${columns} FROM events WHERE id IN
    (SELECT id FROM events INDEXED BY events_by_name WHERE ${fits.sql} AND ${way.fits} ${way.order} LIMIT ?) ${way.order}`;
  return db.rows<EventRow>(farSql, ...fits.values, after, p.limit).map(toEvent);
}

/** Undefined when every event fits. */
function conditionOf({ name, names }: Params): Condition | undefined {
  const conditions = [
    ...(name === undefined ? [] : [{ sql: "name = ?", values: [name] }]),
    ...(names === undefined ? [] : [fitsPatterns("name", names)]),
  ].filter(({ sql }) => sql !== "TRUE");
  if (conditions.length === 0) return undefined;
  return {
    sql: conditions.map(({ sql }) => sql).join(" AND "),
    values: conditions.flatMap(({ values }) => values),
  };
}

function toEvent({ key, ...event }: EventRow): EventRecord {
  return key === null ? event : { ...event, key };
}
