// What the server, or the way to it, said instead of an answer.

export interface PostgresErrorParts {
  readonly message: string;
  /** The five characters of https://www.postgresql.org/docs/current/errcodes-appendix.html, or what the client calls it. */
  readonly code: string;
}

export class PostgresError extends Error {
  readonly code: string;

  constructor({ message, code }: PostgresErrorParts) {
    super(message);
    this.name = "PostgresError";
    this.code = `PG_${code}`;
  }

  /** Bun's errors have the server's code as `errno`, and a word of their own as `code`. */
  static of(thrown: unknown): PostgresError {
    return new PostgresError(partsOf(thrown));
  }
}

/** What crosses from one thread to another. */
export function partsOf(thrown: unknown): PostgresErrorParts {
  if (!(thrown instanceof Error)) return { message: String(thrown), code: "" };
  const { errno, code } = thrown as Error & { readonly errno?: unknown; readonly code?: unknown };
  return {
    message: thrown.message,
    code: typeof errno === "string" ? errno : typeof code === "string" ? code.replace(/^PG_/, "") : "",
  };
}
