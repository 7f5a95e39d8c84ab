// A new run with the id of one that is there, told apart from every other refusal of a row.

/** Thrown where the database was asked before it could refuse: on PostgreSQL a refused row ends the whole transaction. */
export class IdTakenError extends Error {
  constructor(id: string) {
    super(`there is a run ${id} already`);
  }
}

/** True for that, and for what SQLite says of such a row. */
export function isTaken(error: unknown): boolean {
  if (error instanceof IdTakenError) return true;
  return error instanceof Error && "code" in error && error.code === "SQLITE_CONSTRAINT_PRIMARYKEY";
}
