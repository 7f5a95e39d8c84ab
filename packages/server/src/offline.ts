// What is done to a data folder where no server runs: looking it over, checking its audit trail, restoring a backup.
export { checkAudit } from "./compose-audit-check.ts";
export { examine } from "./compose-doctor.ts";
export type { Check } from "./doctor-check.ts";
export { restoreBackup } from "./compose-restore.ts";
export type { Restored } from "./call.ts";
