// Every error code the product answers with, and the one shape errors have on every wire.

/** Closed set of codes with the HTTP status each maps to. */
export const errorCodes = {
  bad_request: 400,
  invalid_json: 400,
  invalid_input: 400,
  invalid_duration: 400,
  invalid_retry: 400,
  invalid_cron: 400,
  invalid_timezone: 400,
  invalid_name: 400,
  invalid_config: 400,
  invalid_workflow: 400,
  invalid_filter: 400,
  invalid_kubeconfig: 400,
  invalid_component: 400,
  invalid_manifest: 400,
  value_not_serializable: 400,
  value_bad_encoding: 400,
  blob_mismatch: 400,
  weak_password: 400,
  bundle_failed: 400,
  code_failed: 400,
  unauthorized: 401,
  sign_in_failed: 401,
  second_factor_required: 401,
  session_ended: 401,
  ticket_invalid: 401,
  forbidden: 403,
  not_an_approver: 403,
  requester_may_not_decide: 403,
  link_expired: 403,
  host_not_allowed: 403,
  origin_not_allowed: 403,
  not_found: 404,
  run_not_found: 404,
  workflow_not_found: 404,
  schedule_not_found: 404,
  queue_not_found: 404,
  trigger_not_found: 404,
  delivery_not_found: 404,
  step_not_found: 404,
  user_not_found: 404,
  role_not_found: 404,
  session_not_found: 404,
  token_unknown: 404,
  secret_not_found: 404,
  service_not_found: 404,
  breaker_not_found: 404,
  key_not_found: 404,
  worker_not_found: 404,
  build_not_found: 404,
  terminal_not_found: 404,
  blob_not_found: 404,
  cluster_not_found: 404,
  component_not_found: 404,
  plan_not_found: 404,
  recovery_not_found: 404,
  failover_not_found: 404,
  operation_not_found: 404,
  object_not_found: 404,
  unknown_kind: 404,
  version_not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  idempotency_conflict: 409,
  run_id_taken: 409,
  run_is_final: 409,
  run_not_final: 409,
  run_not_paused: 409,
  state_version_conflict: 409,
  replay_mismatch: 409,
  undo_failed: 409,
  duplicate_workflow: 409,
  name_taken: 409,
  last_admin: 409,
  role_in_use: 409,
  already_set_up: 409,
  duplicate_webhook: 409,
  delivery_not_kept: 409,
  already_decided: 409,
  not_delegable: 409,
  comments_full: 409,
  build_is_final: 409,
  cluster_identity_changed: 409,
  cluster_conflict: 409,
  plan_stale: 409,
  plan_refused: 409,
  recovery_refused: 409,
  plan_not_approved: 409,
  plan_expired: 409,
  operation_superseded: 409,
  not_ready: 409,
  lock_held: 409,
  lock_lost: 409,
  resources_unavailable: 409,
  token_used: 410,
  token_expired: 410,
  payload_erased: 410,
  payload_too_large: 413,
  schema_too_large: 413,
  journal_too_long: 413,
  unsupported_media_type: 415,
  range_not_satisfiable: 416,
  cluster_rejected: 422,
  too_many_requests: 429,
  rate_limited: 429,
  queue_full: 429,
  events_full: 429,
  secrets_full: 429,
  builds_full: 429,
  terminals_full: 429,
  internal: 500,
  unavailable: 503,
  trigger_paused: 503,
  trigger_failed: 500,
  cluster_denied: 502,
  cluster_unreachable: 503,
  cluster_busy: 503,
  cluster_timeout: 504,
  no_worker: 503,
  worker_failed: 503,
  disk_full: 503,
  store_failed: 503,
  secret_unreadable: 503,
  payload_unreadable: 503,
  service_failed: 503,
  circuit_open: 503,
  draining: 503,
  port_in_use: 503,
  // Outcomes of runs and steps, as recorded in journals.
  step_failed: 500,
  workflow_failed: 500,
  timeout: 504,
  cancelled: 409,
  denied: 403,
  child_failed: 500,
  child_cancelled: 409,
  non_determinism: 500,
  version_unavailable: 503,
  poison: 500,
  data_folder_locked: 503,
  data_folder_newer: 500,
  data_folder_corrupt: 500,
} as const;
export type ErrorCode = keyof typeof errorCodes;

/** The wire shape of an error; over HTTP it stands under the key `error`. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly details?: unknown;
}

/** An operating failure with a closed code; thrown at API edges, a value inside. */
export class SluiceError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: unknown;

  constructor(error: WireError, options?: { cause?: unknown }) {
    super(error.message, options);
    this.name = "SluiceError";
    this.code = error.code;
    this.hint = error.hint;
    this.details = error.details;
  }
}

/** The one mapping of an error to its wire shape; anything without a code is `internal` and keeps its text to itself. */
export function toWire(error: unknown): WireError {
  if (error instanceof Error && "code" in error && typeof error.code === "string" && error.code in errorCodes) {
    const known = error as Error & { code: ErrorCode; hint?: unknown; details?: unknown };
    return {
      code: known.code,
      message: known.message,
      ...(typeof known.hint === "string" ? { hint: known.hint } : {}),
      ...(known.details === undefined ? {} : { details: known.details }),
    };
  }
  return { code: "internal", message: "Something went wrong inside the server; its log has the details." };
}

/** HTTP status of an error code. */
export function httpStatusOf(code: ErrorCode): number {
  return errorCodes[code];
}
