// The parts of API answers that commands look at. Times are milliseconds since 1970.

export interface RunView {
  readonly id: string;
  readonly workflow: string;
  readonly version: string;
  readonly status: string;
  readonly statusReason: string | null;
  readonly input: unknown;
  readonly output: unknown;
  readonly error: { readonly message: string; readonly code?: string; readonly hint?: string } | null;
  readonly progress: unknown;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly tags: readonly string[];
  readonly attempt: number;
  /** What flow control holds it back by. */
  readonly hold?: { readonly by: string; readonly path: string | null; readonly key: string | null } | null;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly attributeTypes?: Readonly<Record<string, string>>;
  /** The run it went on as. */
  readonly continuedTo?: string | null;
}

export interface StepView {
  readonly seq: number;
  readonly kind: string;
  readonly name: string;
  readonly status: string;
  readonly attempt: number;
  readonly output: unknown;
  /** As it is stored; null without one. */
  readonly outputBytes: number | null;
  /** Values that were left out for their size. */
  readonly omitted?: readonly string[];
  readonly error: { readonly message: string } | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly dueAt: number | null;
}

const finals: ReadonlySet<string> = new Set(["completed", "failed", "cancelled", "timedout"]);

/** True for a status that a run keeps. */
export function hasEnded(status: string): boolean {
  return finals.has(status);
}
