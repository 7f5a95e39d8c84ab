// Checks of the audit trail and the places of its checkpoints: to be loaded by who needs them, which is no server at its start.
export type { AuditProblem, AuditReport } from "./audit-report.ts";
export { checkpointKeyOf, readCheckpointKey } from "./checkpoint.ts";
export type { Checkpoint, CheckpointKey } from "./checkpoint.ts";
export { CheckpointFile, CheckpointWebhook } from "./checkpoint-places.ts";
export type { CheckpointPlace } from "./checkpoint-places.ts";
export { verifyAudit } from "./verify.ts";
