// The store on PostgreSQL.
export { openPostgresStore } from "./postgres-store.ts";
export type { PostgresStoreSettings } from "./postgres-store.ts";
