// Looks at data that no server has open, and at whole databases: loaded by who needs it, which is no server at its start.
export { checkData, newestRunAt, type DataCheck, type Finding } from "./check-data.ts";
export { sqliteVersion, sqliteVersionMin } from "./database.ts";
export { verifyData } from "./verify-data.ts";
export { openAuditFile, type AuditFile } from "./audit/audit-file.ts";
export { prepareDatabase } from "./prepare-database.ts";
