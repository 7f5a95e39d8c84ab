// Starting another workflow from a workflow: its input is checked here, where the code is, before the run exists.
import { decodeValue, encodeValue, parseDuration, SluiceError } from "@sluice/protocol";
import type { RunOp } from "@sluice/protocol";
import { ChildRunError, decodeError, isWorkflow, validateWithSchema } from "@sluice/sdk";
import type { BuildOptions, ChildOptions, Workflow } from "@sluice/sdk";
import type { DurableCall } from "./caller.ts";
import type { Place } from "./calls.ts";
import type { Incarnation } from "./incarnation.ts";

export interface ChildRequest {
  readonly workflow: Workflow | string;
  readonly input: unknown;
  readonly options: ChildOptions;
}

/** The journaled call that starts a child (`start`) or waits for it too (`call`). */
export function childCall(
  run: Incarnation,
  kind: "call" | "start",
  { workflow, input, options }: ChildRequest,
): DurableCall {
  const name = typeof workflow === "string" ? workflow : workflow.name;
  const target = run.host.workflowNamed(name) ?? (isWorkflow(workflow) ? workflow : undefined);
  const schema = target?.options.input;
  const rest = {
    ...(options.idempotencyKey === undefined ? {} : { key: options.idempotencyKey }),
    ...(options.tags === undefined ? {} : { tags: options.tags }),
    ...(options.priority === undefined ? {} : { priority: options.priority }),
    ...(options.delay === undefined ? {} : { delay: parseDuration(options.delay) }),
  };
  const op = ({ seq, n }: Place, value: unknown): RunOp => ({
    op: kind,
    seq,
    name,
    n,
    input: encodeValue(value),
    ...rest,
  });
  return {
    kind,
    name,
    ...(kind === "call" ? { wait: "waiting_for_child" as const } : {}),
    op:
      schema === undefined
        ? (place) => op(place, input)
        : async (place) => op(place, await parsed(name, schema, input)),
    value: (bytes) => (bytes === undefined ? undefined : decodeValue(bytes)),
    failed: (bytes) => ({
      error: kind === "start" ? decodeError(bytes ?? new Uint8Array(0)) : childError(name, bytes),
    }),
  };
}

/** What the server's own workflow of builds is given. */
export function buildInput(
  tasks: string | readonly string[],
  { filter = [], force = false, args = [] }: BuildOptions,
): object {
  return { tasks: typeof tasks === "string" ? [tasks] : tasks, filters: filter, force, args };
}

/** The input as the schema of the workflow it is for has parsed it. Throws `invalid_input`. */
export async function parsed(
  name: string,
  schema: Parameters<typeof validateWithSchema>[0],
  input: unknown,
): Promise<unknown> {
  const checked = await validateWithSchema(schema, input);
  if (checked.ok) return checked.value;
  throw new SluiceError({
    code: "invalid_input",
    message: `The input of ${name} is not valid: ${checked.issues.map((issue) => `${issue.path} ${issue.message}`).join("; ")}`,
    details: checked.issues,
  });
}

/** Failures of the call itself: there is no child run whose failure they could be. */
const neverBegan = new Set<string>([
  "idempotency_conflict",
  "invalid_input",
  "value_not_serializable",
  "invalid_duration",
]);

function childError(name: string, bytes: Uint8Array | undefined): Error {
  const cause = decodeError(bytes ?? new Uint8Array(0));
  const code = (cause as { code?: unknown }).code;
  if (neverBegan.has(String(code))) return cause;
  const cancelled = cause.name === "CancelledError";
  return new ChildRunError(
    `The child run of ${name} ${cancelled ? "was cancelled" : "did not complete"}: ${cause.message}`,
    {
      cause,
      code: cancelled ? "child_cancelled" : "child_failed",
    },
  );
}
