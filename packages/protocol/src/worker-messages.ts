// The message table of the worker protocol with its schemas, and the one place where a received message is judged.
// Importing this loads the schema library; worker-message-codes.ts does not.
import type { z } from "zod";
import type { WireMessage } from "./frame.ts";
import { workerMessageCodes, workerMessageDirections, workerMessageName } from "./worker-message-codes.ts";
import type { WorkerDirection, WorkerMessageCode, WorkerMessageName } from "./worker-message-codes.ts";
import { workerPayloads } from "./worker-payloads.ts";

/** Payload of a message as it is read: optional keys are there or undefined, never nil. */
export type WorkerPayload<Name extends WorkerMessageName> = z.output<(typeof workerPayloads)[Name]>;
/** Payload of a message as it is put together for sending. */
export type WorkerPayloadInput<Name extends WorkerMessageName> = z.input<(typeof workerPayloads)[Name]>;

/** One row of the message table. */
export interface WorkerMessageRow<Name extends WorkerMessageName> {
  readonly code: (typeof workerMessageCodes)[Name];
  readonly direction: WorkerDirection;
  readonly payload: (typeof workerPayloads)[Name];
}

function row<Name extends WorkerMessageName>(name: Name): WorkerMessageRow<Name> {
  return {
    code: workerMessageCodes[name],
    direction: workerMessageDirections[name],
    payload: workerPayloads[name],
  };
}

/** Code, direction and payload schema of every message type, by name. */
export const workerMessages: { readonly [Name in WorkerMessageName]: WorkerMessageRow<Name> } = {
  HELLO: row("HELLO"),
  HELLO_ACK: row("HELLO_ACK"),
  HEARTBEAT: row("HEARTBEAT"),
  HEARTBEAT_ACK: row("HEARTBEAT_ACK"),
  BUILD_REQUEST: row("BUILD_REQUEST"),
  BUILD_STARTED: row("BUILD_STARTED"),
  BUILD_PROGRESS: row("BUILD_PROGRESS"),
  BUILD_COMPLETED: row("BUILD_COMPLETED"),
  BUILD_FAILED: row("BUILD_FAILED"),
  BUILD_CANCEL: row("BUILD_CANCEL"),
  STATE_GET: row("STATE_GET"),
  STATE_SET: row("STATE_SET"),
  STATE_DELETE: row("STATE_DELETE"),
  STATE_RESPONSE: row("STATE_RESPONSE"),
  LOCK_ACQUIRE: row("LOCK_ACQUIRE"),
  LOCK_RELEASE: row("LOCK_RELEASE"),
  LOCK_RESPONSE: row("LOCK_RESPONSE"),
  RESOURCE_CLAIM: row("RESOURCE_CLAIM"),
  RESOURCE_RELEASE: row("RESOURCE_RELEASE"),
  RESOURCE_STATUS: row("RESOURCE_STATUS"),
  ERROR: row("ERROR"),
};

/** A message whose payload fits its type. */
export type WorkerMessage = {
  readonly [Name in WorkerMessageName]: {
    readonly name: Name;
    readonly type: WorkerMessageCode;
    readonly id: string;
    readonly timestamp: number;
    readonly runtime: string;
    readonly payload: WorkerPayload<Name>;
  };
}[WorkerMessageName];

/** Why a message is answered with an error; the connection stays. */
export type WorkerMessageErrorCode = "message_unknown_type" | "message_wrong_direction" | "message_bad_payload";

export type ParsedWorkerMessage =
  | { readonly ok: true; readonly message: WorkerMessage }
  | { readonly ok: false; readonly code: WorkerMessageErrorCode; readonly message: string };

/**
 * Judges a message by its type: known, allowed to come from `sender` where that is given, and with every required key of
 * its payload. Types 0x60–0x7f are not of this table. Never throws.
 */
export function parseWorkerMessage(message: WireMessage, sender?: "worker" | "master"): ParsedWorkerMessage {
  const name = workerMessageName(message.type);
  if (name === undefined) {
    return { ok: false, code: "message_unknown_type", message: `message type ${hex(message.type)} is not known here` };
  }
  const { direction, payload: schema } = workerMessages[name];
  if (sender !== undefined && direction === (sender === "worker" ? "to_worker" : "to_master")) {
    return { ok: false, code: "message_wrong_direction", message: `${name} is not for a ${sender} to send` };
  }
  const parsed = schema.safeParse(message.payload);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const place = ["payload", ...(issue?.path ?? [])].map(String).join(".");
    return {
      ok: false,
      code: "message_bad_payload",
      message: `${name}: ${place}: ${issue?.message ?? "is not valid"}`,
    };
  }
  const { id, timestamp, runtime, type } = message;
  // The name decides the schema, which the union cannot see.
  const known = { name, type, id, timestamp, runtime, payload: parsed.data } as WorkerMessage;
  return { ok: true, message: known };
}

function hex(type: number): string {
  return `0x${type.toString(16).padStart(2, "0")}`;
}

/** The options of a build as BUILD_REQUEST carries them; nil reads as absent. */
export type BuildOptions = WorkerPayload<"BUILD_REQUEST">["options"];

/** Judges the options of a build that is to be sent. */
export function parseBuildOptions(
  options: unknown,
): { readonly ok: true; readonly value: BuildOptions } | { readonly ok: false; readonly message: string } {
  const parsed = workerPayloads.BUILD_REQUEST.shape.options.safeParse(options);
  if (parsed.success) return { ok: true, value: parsed.data };
  const issue = parsed.error.issues[0];
  const place = (issue?.path ?? []).map(String).join(".");
  return { ok: false, message: `${place === "" ? "they" : place}: ${issue?.message ?? "are not valid"}` };
}
