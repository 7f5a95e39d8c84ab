// A consistent copy of the database while work goes on: written beside its place, synced, then put there.
import type { Connection } from "./connection.ts";
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Copies everything to a file, replacing what is there. The reading connection may be read-only. */
export function backup(db: Connection, path: string): { bytes: number } {
  const part = `${path}.part`;
  rmSync(part, { force: true });
  try {
    db.run("VACUUM INTO ?", [part]);
    sync(part);
    renameSync(part, path);
    sync(dirname(path));
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
  return { bytes: statSync(path).size };
}

/** Makes a file's content, or a folder's names, durable. */
export function sync(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
