// What can go wrong between a program and the platform it runs on, in words that are the same on every runtime.

/** Closed set of codes. */
export const runtimeErrorCodes = [
  "not_found",
  "already_exists",
  "already_in_use",
  "permission_denied",
  "not_a_folder",
  "is_a_folder",
  "not_empty",
  "bad_argument",
  "bad_command",
  "too_large",
  "timed_out",
  "closed",
  "not_connected",
  "connection_failed",
  "bad_frame",
  "unsupported",
  "io_failed",
] as const;
export type RuntimeErrorCode = (typeof runtimeErrorCodes)[number];

/** A failure of the platform. Providers stand at the edge where exceptions are the custom, so they throw it. */
export class RuntimeFailure extends Error {
  override readonly name = "RuntimeFailure";
  readonly code: RuntimeErrorCode;

  constructor(code: RuntimeErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The names that platforms give the same failure: errno of Node and Bun, error classes of Deno. */
const platformNames: Readonly<Record<string, RuntimeErrorCode>> = {
  ENOENT: "not_found",
  NotFound: "not_found",
  EEXIST: "already_exists",
  AlreadyExists: "already_exists",
  EADDRINUSE: "already_in_use",
  AddrInUse: "already_in_use",
  EACCES: "permission_denied",
  EPERM: "permission_denied",
  PermissionDenied: "permission_denied",
  NotCapable: "permission_denied",
  ENOTDIR: "not_a_folder",
  NotADirectory: "not_a_folder",
  EISDIR: "is_a_folder",
  IsADirectory: "is_a_folder",
  ENOTEMPTY: "not_empty",
  ECONNREFUSED: "connection_failed",
  ConnectionRefused: "connection_failed",
  ECONNRESET: "closed",
  ConnectionReset: "closed",
  EPIPE: "closed",
  BrokenPipe: "closed",
  TimeoutError: "timed_out",
  ETIMEDOUT: "timed_out",
};

/** What a platform threw, as a failure with a code; `what` says in a few words what was tried. */
export function failureOf(thrown: unknown, what: string): RuntimeFailure {
  if (thrown instanceof RuntimeFailure) return thrown;
  const { code, name, message } = (typeof thrown === "object" && thrown !== null ? thrown : {}) as {
    readonly code?: unknown;
    readonly name?: unknown;
    readonly message?: unknown;
  };
  const text = typeof message === "string" ? message : String(thrown);
  // Deno reports some errno only in the text: "Directory not empty (os error 39)".
  const found =
    platformNames[String(code)] ??
    platformNames[String(name)] ??
    (/not empty|os error 39\b/i.test(text) ? "not_empty" : undefined) ??
    (/os error 20\b/.test(text) ? "not_a_folder" : undefined) ??
    (/os error 21\b/.test(text) ? "is_a_folder" : undefined);
  return new RuntimeFailure(found ?? "io_failed", `${what}: ${text}`, { cause: thrown });
}

/** Runs a call of the platform; what it throws becomes a `RuntimeFailure`. */
export async function guarded<T>(what: string, body: () => T | Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw failureOf(error, what);
  }
}
