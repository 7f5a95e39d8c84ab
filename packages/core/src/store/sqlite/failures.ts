// What a failure of the database means for the store: try again later, or never acknowledge anything again.
import { SluiceError, toWire, type WireError } from "@sluice/protocol";

/** A failure that the database itself reported. */
interface DatabaseFailure extends Error {
  readonly code: string;
}

const fullCodes = new Set(["SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "PG_53100"]);
const busyCodes = /^SQLITE_(BUSY|LOCKED)/;
/** PostgreSQL went away, or the way to it did: its own codes, and what its client calls that. */
const lostCodes =
  /^(?:PG_)?(?:08|57P|ERR_POSTGRES_(?:CONNECTION|IDLE|LIFETIME)|ECONN|EPIPE|ETIMEDOUT|FailedToOpenSocket)/;

export function isLost(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const { errno, code } = thrown as Error & { readonly errno?: unknown; readonly code?: unknown };
  return lostCodes.test(String(typeof errno === "string" ? errno : code));
}

/** Of PostgreSQL: a value or a statement that it does not take. */
const refusedCodes = /^PG_(?:2[0-9]|42|54)/;
/** Others changed the same rows: it works when it is done again. */
const raceCodes = /^PG_40/;
const passingCodes = /^SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|RANGE|ERROR|INTERRUPT)/;

function isDatabaseFailure(error: unknown): error is DatabaseFailure {
  return (
    error instanceof Error && "code" in error && typeof error.code === "string" && /^(?:SQLITE|PG)_/.test(error.code)
  );
}

export interface Failure {
  readonly error: WireError;
  /**
   * `verb`: one verb's own fault; `batch`: nothing of the commit group is kept; `lost`: the database is out of reach, and what was
   * being committed may be; `fatal`: nothing will be kept from now on.
   */
  readonly reach: "verb" | "batch" | "lost" | "fatal";
}

/** Classifies what was thrown while verbs were executed or committed. */
export function failureOf(thrown: unknown): Failure {
  if (!isDatabaseFailure(thrown)) return { reach: "verb", error: wireOf(thrown) };
  if (isLost(thrown)) return { reach: "lost", error: outOfReach(thrown.message) };
  if (raceCodes.test(thrown.code)) {
    const message = "Others changed the same rows at the same moment.";
    return { reach: "batch", error: { code: "unavailable", message, hint: "Try again." } };
  }
  if (refusedCodes.test(thrown.code)) {
    return { reach: "verb", error: { code: "store_failed", message: `The database refused: ${thrown.message}.` } };
  }
  if (fullCodes.has(thrown.code)) {
    return {
      reach: "batch",
      error: {
        code: "disk_full",
        message: "The disk that holds the data folder is full; nothing was written.",
        hint: "Free some space: work goes on by itself.",
      },
    };
  }
  if (busyCodes.test(thrown.code)) {
    const message = "Another process holds the database's write lock.";
    return { reach: "batch", error: { code: "unavailable", message, hint: "Close other programs that use state.db." } };
  }
  if (passingCodes.test(thrown.code)) {
    const tooBig = thrown.code === "SQLITE_TOOBIG";
    const message = tooBig ? "A value is larger than the database takes." : `The database refused: ${thrown.message}.`;
    return { reach: "verb", error: { code: tooBig ? "payload_too_large" : "store_failed", message } };
  }
  return {
    reach: "fatal",
    error: {
      code: "store_failed",
      message: `The database could not be written (${thrown.code}: ${thrown.message}); nothing can be acknowledged any more.`,
      hint: "Look at the disk and the system's log, then run `sluice doctor` before starting again.",
    },
  };
}

function outOfReach(message: string): WireError {
  return {
    code: "unavailable",
    message: `The database is out of reach: ${message}.`,
    hint: "Look at the PostgreSQL server and the way to it.",
  };
}

/** An error without a code is a bug; inside the store its text is worth keeping. */
function wireOf(thrown: unknown): WireError {
  const wire = toWire(thrown);
  if (wire.code !== "internal" || !(thrown instanceof Error)) return wire;
  return { code: "internal", message: `The store met an error of its own: ${thrown.message}`, details: thrown.stack };
}

export function fromWire(error: WireError): SluiceError {
  return new SluiceError(error);
}
