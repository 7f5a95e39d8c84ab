// The errors a workflow meets or throws. Recorded errors come back as these classes, so `instanceof` works after a replay.
import { decodeErrorValue, parseDuration } from "@sluice/protocol";
import type { Duration, ErrorValue } from "@sluice/protocol";

/** Thrown by a step to say that another attempt is pointless. */
export class NonRetryableError extends Error {
  readonly code: string;
  constructor(message: string, options?: { cause?: unknown; code?: string }) {
    super(message, options);
    this.name = "NonRetryableError";
    this.code = options?.code ?? "step_failed";
  }
}

/** Thrown by a step to say when the next attempt is welcome; counts as an attempt. */
export class RetryAfterError extends Error {
  readonly code = "step_failed";
  /** Milliseconds to wait. */
  readonly delayMs: number;
  constructor(delay: Duration, options?: { message?: string; cause?: unknown }) {
    super(options?.message ?? "The step asked to be tried again later.", options);
    this.name = "RetryAfterError";
    this.delayMs = parseDuration(delay);
  }
}

/** Every pending and later `ctx` call of a cancelled run rejects with this. */
export class CancelledError extends Error {
  readonly code = "cancelled";
  constructor(message = "The run was cancelled.") {
    super(message);
    this.name = "CancelledError";
  }
}

/** An approval was denied. */
export class DeniedError extends Error {
  readonly code = "denied";
  /** What the person who denied it sent along. */
  readonly details: unknown;
  constructor(message: string, details?: unknown) {
    super(message);
    this.name = "DeniedError";
    this.details = details;
  }
}

/** A step, a wait or a run took longer than it was allowed to. */
export class TimeoutError extends Error {
  readonly code = "timeout";
  constructor(message: string) {
    super(message);
    this.name = "TimeoutError";
  }
}

/** The circuit breaker of a step is open: its function was not called. */
export class CircuitOpenError extends Error {
  readonly code = "circuit_open";
  readonly details: { readonly breaker: string; readonly retryAt: number };
  /** `retryAt`: when an attempt may be let in again, milliseconds since 1970. */
  constructor(breaker: string, retryAt: number) {
    super(`The circuit breaker ${breaker} is open.`);
    this.name = "CircuitOpenError";
    this.details = { breaker, retryAt };
  }

  /** When an attempt may be let in again, milliseconds since 1970. */
  get retryAt(): number {
    return this.details.retryAt;
  }
}

/** A child run did not complete; `cause` is its error. */
export class ChildRunError extends Error {
  readonly code: string;
  constructor(message: string, options: { cause?: unknown; code: string }) {
    super(message, options);
    this.name = "ChildRunError";
    this.code = options.code;
  }
}

/** The code did not follow the journal it was replayed against. */
export class NonDeterminismError extends Error {
  readonly code = "non_determinism";
  readonly hint: string;
  readonly details: { readonly step: number; readonly recorded: string; readonly asked: string };
  constructor(step: number, recorded: string, asked: string) {
    super(`Call ${step} of the workflow was recorded as ${recorded}, but the code now asks for ${asked}.`);
    this.name = "NonDeterminismError";
    this.details = { step, recorded, asked };
    this.hint =
      'Guard the change with `if (ctx.patched("some-id"))`, or let runs in flight finish on the version that started them ' +
      "(onDeploy: pin), or fork the run from before this call.";
  }
}

const builtIns: Readonly<Record<string, ErrorConstructor>> = {
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
};

/** The error a recorded one stands for. The stack is the original one where it was recorded. */
export function reviveError(value: ErrorValue): Error {
  const error = construct(value);
  if (value.stack !== undefined) error.stack = value.stack;
  return error;
}

function construct(value: ErrorValue): Error {
  const cause = value.cause === undefined ? undefined : reviveError(value.cause);
  const options = cause === undefined ? undefined : { cause };
  switch (value.name) {
    case "NonRetryableError":
      return new NonRetryableError(value.message, {
        ...options,
        ...(value.code === undefined ? {} : { code: value.code }),
      });
    case "CancelledError":
      return new CancelledError(value.message);
    case "DeniedError":
      return new DeniedError(value.message, value.details);
    case "TimeoutError":
      return new TimeoutError(value.message);
    case "CircuitOpenError": {
      const { breaker = "", retryAt = 0 } = (value.details ?? {}) as { breaker?: string; retryAt?: number };
      return new CircuitOpenError(breaker, retryAt);
    }
    case "ChildRunError":
      return new ChildRunError(value.message, { ...options, code: value.code ?? "child_failed" });
    default:
      break;
  }
  const error = new (builtIns[value.name] ?? Error)(value.message, options);
  const extra: Record<string, unknown> = {};
  if (error.name !== value.name) extra["name"] = value.name;
  if (value.code !== undefined) extra["code"] = value.code;
  if (value.hint !== undefined) extra["hint"] = value.hint;
  if (value.details !== undefined) extra["details"] = value.details;
  return Object.assign(error, extra);
}

/** Reads an encoded error. */
export function decodeError(bytes: Uint8Array): Error {
  return reviveError(decodeErrorValue(bytes));
}
