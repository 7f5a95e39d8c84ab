// The table of search attributes: what runs are found by besides what every run has.
import type { AttributeSetting, RunAttribute } from "@sluice/protocol";
import type { AttributeFilter } from "../../kernel/run-records.ts";
import type { Connection } from "./connection.ts";
import { lazily } from "./statement.ts";

const putSql = "INSERT OR REPLACE INTO run_attributes (run, name, type, value, created_at) VALUES (?, ?, ?, ?, ?)";
const deleteSql = "DELETE FROM run_attributes WHERE run = ? AND name = ?";
const deleteAllSql = "DELETE FROM run_attributes WHERE run = ?";

/** The attributes of a row of `runs` as JSON, read only where it has some. */
export const attributesColumn = (flag: number): string => `CASE WHEN (flags & ${flag}) <> 0 THEN (SELECT
  json_group_array(json_object('name', name, 'type', type, 'value', value)) FROM (SELECT name, type, value
  FROM run_attributes WHERE run_attributes.run = runs.id ORDER BY name)) END AS attributes`;

export function attributesIn(json: string): readonly RunAttribute[] {
  const stored = JSON.parse(json) as readonly RunAttribute[];
  return stored.map((each) => (each.type === "boolean" ? { ...each, value: each.value === 1 } : each));
}

/** As it is stored. */
function storedValue(value: string | number | boolean): string | number {
  return typeof value === "boolean" ? Number(value) : value;
}

export class AttributeTable {
  readonly #put;
  readonly #delete;
  readonly #deleteAll;

  constructor(db: Connection) {
    this.#put = lazily(db, putSql);
    this.#delete = lazily(db, deleteSql);
    this.#deleteAll = lazily(db, deleteAllSql);
  }

  set(run: { readonly id: string; readonly createdAt: number }, settings: readonly AttributeSetting[]): void {
    for (const { name, type, value } of settings) {
      if (value === null) this.#delete().run(run.id, name);
      else this.#put().run(run.id, name, type, storedValue(value), run.createdAt);
    }
  }

  deleteAll(run: string): void {
    this.#deleteAll().run(run);
  }
}

/** A condition on rows of `run_attributes`, and what it binds. */
export function attributeCondition(filter: AttributeFilter): {
  readonly sql: string;
  readonly values: readonly (string | number)[];
} {
  const { name, type, operator, value } = filter;
  const bound = [name, storedValue(value), type];
  const compared = operator === "~" ? "instr(lower(value), lower(?)) > 0" : `value ${operator} ?`;
  return { sql: `run_attributes.name = ? AND ${compared} AND type = ?`, values: bound };
}
