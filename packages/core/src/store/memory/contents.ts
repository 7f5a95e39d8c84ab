// A walk over every value that is stored, to find blobs in use and to measure.
import type { Tables } from "./tables.ts";

/** Calls back with every stored value. */
export function visitValues(tables: Tables, visit: (value: Uint8Array) => void): void {
  const see = (...values: readonly (Uint8Array | undefined)[]): void => {
    for (const value of values) if (value !== undefined) visit(value);
  };
  for (const { entries, logs, record, stream, tokens, waits } of tables.runs.all()) {
    see(record.input, record.output, record.error, record.progress, record.outcome?.error);
    for (const { attempts = [], entry } of entries.values()) {
      see(entry.value, entry.error, ...attempts.map(({ error }) => error));
    }
    for (const { task } of waits) see(task?.input);
    for (const line of logs) see(line.data);
    for (const { chunks } of stream?.batches ?? []) see(...chunks.map(({ value }) => value));
    for (const token of tokens) see(token.record.data, token.value, token.error);
  }
  for (const event of tables.events.all()) see(event.payload);
  for (const row of tables.state.all()) see(row.value);
  for (const row of tables.stepCache.rows.values()) see(row.value);
  for (const schedule of tables.schedules.list()) see(schedule.input);
  for (const held of tables.triggers.allHeld()) see(held.input);
  for (const version of tables.versions.list()) see(version.manifest);
}
