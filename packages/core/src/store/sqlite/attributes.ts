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
  return stored.map((each) => ({ ...each, value: valueOf(each.type, String(each.value)) }));
}

/** As it is stored: as text whose bytes sort as the values do. */
function storedValue(value: string | number | boolean): string {
  return typeof value === "string" ? value : sortable(Number(value));
}

function valueOf(type: RunAttribute["type"], stored: string): string | number | boolean {
  if (type === "text" || type === "keyword") return stored;
  return type === "boolean" ? numberOf(stored) === 1 : numberOf(stored);
}

const signBit = 1n << 63n;
const allBits = (1n << 64n) - 1n;

/** The bits of a double in 16 hexadecimal digits: with the sign turned over, and all of a negative one, they sort as numbers. */
function sortable(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  // Both zeros are one number.
  view.setFloat64(0, value === 0 ? 0 : value);
  const bits = view.getBigUint64(0);
  return ((bits & signBit) === 0n ? bits | signBit : bits ^ allBits).toString(16).padStart(16, "0");
}

function numberOf(stored: string): number {
  const bits = BigInt(`0x${stored}`);
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, (bits & signBit) === 0n ? bits ^ allBits : bits & ~signBit);
  return view.getFloat64(0);
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
  readonly values: readonly string[];
} {
  const { name, type, operator, value } = filter;
  const bound = [name, storedValue(value), type];
  const compared = operator === "~" ? "instr(lower(value), lower(?)) > 0" : `value ${operator} ?`;
  return { sql: `run_attributes.name = ? AND ${compared} AND type = ?`, values: bound };
}
