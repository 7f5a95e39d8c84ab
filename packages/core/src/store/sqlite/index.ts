// The store on SQLite and the data folder it lives in.
export { openSqliteStore, type SqliteStoreSettings } from "./sqlite-run-store.ts";
export { sqliteLimits, type Durability, type SqliteLimits } from "./database.ts";
export { openDataFolder, type DataFolder } from "./open-data.ts";
export { beginReplacement, settleReplacement, type Replaced, type Replacement } from "./replace-data.ts";
export { lockFile, type HeldLock } from "./file-lock.ts";
export { dataFiles, type Prepared } from "./prepare-database.ts";
export { openBlobs, type BlobSettings, type FileBlobs } from "../blobs.ts";
