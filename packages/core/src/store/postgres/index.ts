// The store on PostgreSQL.
export { migrateStore } from "./migrate-store.ts";
export type { MigratedTable, StoreMigration, StorePlace } from "./migrate-store.ts";
export { openPostgresStore } from "./postgres-store.ts";
export type { PostgresStoreSettings } from "./postgres-store.ts";
