// From what a worker says of a build to what is written of it.
import { encodeValue } from "@sluice/protocol";
import type { WorkerMessage, WorkerPayload } from "@sluice/protocol/worker-messages";
import type { BuildEnd, NewBuildEvent } from "../kernel/build-store.ts";
import type { BuildWriter } from "./build-writer.ts";

export type BuildReport = Extract<
  WorkerMessage,
  { readonly name: "BUILD_STARTED" | "BUILD_PROGRESS" | "BUILD_COMPLETED" | "BUILD_FAILED" }
>;
export type EndReport = Extract<BuildReport, { readonly name: "BUILD_COMPLETED" | "BUILD_FAILED" }>;

const text = new TextEncoder();

/** Hands progress and output on. A promise: the writer has enough for now. */
export function writeProgress(
  writer: BuildWriter,
  payload: WorkerPayload<"BUILD_PROGRESS">,
  at: number,
): Promise<void> | undefined {
  const { done, total, message, chunk, stream = "stdout" } = payload;
  const told: NewBuildEvent = {
    kind: "progress",
    at,
    ...(done === undefined ? {} : { done }),
    ...(total === undefined ? {} : { total }),
    ...(message === undefined ? {} : { message }),
  };
  const says = done !== undefined || total !== undefined || message !== undefined;
  const first = says ? writer.event(told) : undefined;
  return chunk === undefined ? first : writer.output(stream, typeof chunk === "string" ? text.encode(chunk) : chunk);
}

/** How a build ended, by its worker. */
export function endOf(report: EndReport): BuildEnd {
  const { payload } = report;
  const { output, exit_code: exitCode } = payload;
  const common = {
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(output === undefined ? {} : { output: encodeValue(output) }),
  };
  if (report.name === "BUILD_FAILED") {
    const { error } = report.payload;
    return { status: "failed", ...common, ...(error === undefined ? {} : { error }) };
  }
  const { artifacts, duration_ms: durationMs } = report.payload;
  return {
    status: "completed",
    ...common,
    ...(artifacts === undefined ? {} : { artifacts: encodeValue(compact(artifacts)) }),
    ...(durationMs === undefined ? {} : { durationMs }),
  };
}

/** Without the keys that are not there: what is stored says nothing of them. */
export function compact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(compact);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => (each === undefined ? [] : [[key, compact(each)]])),
  );
}
