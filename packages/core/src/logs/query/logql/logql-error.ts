// A query of LogQL that was understood and cannot be answered, for what the lines hold or for how much it would take.

export class LogQlError extends Error {
  override readonly name = "LogQlError";
}
