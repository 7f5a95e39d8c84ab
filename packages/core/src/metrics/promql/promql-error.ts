// What is wrong with an expression: it cannot be read (`bad_data`, with its place), or cannot be answered (`execution`).

export class PromQlError extends Error {
  readonly kind: "bad_data" | "execution";
  /** From 0, in characters, where it is known. */
  readonly at: number | undefined;

  constructor(message: string, p: { readonly kind: "bad_data" | "execution"; readonly at?: number }) {
    super(message);
    this.kind = p.kind;
    this.at = p.at;
  }
}

export function unreadable(message: string, at: number): PromQlError {
  return new PromQlError(message, { kind: "bad_data", at });
}

export function unanswerable(message: string): PromQlError {
  return new PromQlError(message, { kind: "execution" });
}
