// Stores on real files for the tests of this adapter.
import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunStore } from "../../kernel/run-store.ts";
import { openSqliteStore, type SqliteStoreSettings } from "./sqlite-run-store.ts";

/** Folders of one test file; they are gone after it. */
export function withFolders(): { next(): string } {
  const root = mkdtempSync(join(tmpdir(), "sluice-store-"));
  let count = 0;
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return { next: () => mkdtempSync(join(root, `${count++}-`)) };
}

/** Opens an empty store on a file of its own each time. */
export function sqliteStores(settings: Partial<SqliteStoreSettings> = {}): () => Promise<RunStore> {
  const folders = withFolders();
  return () => openSqliteStore({ file: join(folders.next(), "state.db"), onFatal: unexpected, ...settings });
}

export function unexpected(error: Error): void {
  throw error;
}
