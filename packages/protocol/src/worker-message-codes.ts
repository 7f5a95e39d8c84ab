// The numeric types of the worker protocol and who may send them, without the schemas of their payloads: whoever only
// routes frames does not load a schema library.

/** Who sends a message: the engine is the master. */
export type WorkerDirection = "to_master" | "to_worker" | "both";

/** Every message type of the worker protocol, version 1, that any make of worker may speak. */
export const workerMessageCodes = {
  HELLO: 0x01,
  HELLO_ACK: 0x02,
  HEARTBEAT: 0x10,
  HEARTBEAT_ACK: 0x11,
  BUILD_REQUEST: 0x20,
  BUILD_STARTED: 0x21,
  BUILD_PROGRESS: 0x22,
  BUILD_COMPLETED: 0x23,
  BUILD_FAILED: 0x24,
  BUILD_CANCEL: 0x25,
  STATE_GET: 0x30,
  STATE_SET: 0x31,
  STATE_DELETE: 0x32,
  STATE_RESPONSE: 0x33,
  LOCK_ACQUIRE: 0x40,
  LOCK_RELEASE: 0x41,
  LOCK_RESPONSE: 0x42,
  RESOURCE_CLAIM: 0x50,
  RESOURCE_RELEASE: 0x51,
  RESOURCE_STATUS: 0x52,
  ERROR: 0xff,
} as const;
export type WorkerMessageName = keyof typeof workerMessageCodes;
export type WorkerMessageCode = (typeof workerMessageCodes)[WorkerMessageName];

/** First and last code of the messages about runs and steps, which only our own workers are sent. */
export const runMessageCodeRange = { first: 0x60, last: 0x7f } as const;

/** Directions of the message types. */
export const workerMessageDirections: Readonly<Record<WorkerMessageName, WorkerDirection>> = {
  HELLO: "to_master",
  HELLO_ACK: "to_worker",
  HEARTBEAT: "both",
  HEARTBEAT_ACK: "both",
  BUILD_REQUEST: "to_worker",
  BUILD_STARTED: "to_master",
  BUILD_PROGRESS: "to_master",
  BUILD_COMPLETED: "to_master",
  BUILD_FAILED: "to_master",
  BUILD_CANCEL: "to_worker",
  STATE_GET: "to_master",
  STATE_SET: "to_master",
  STATE_DELETE: "to_master",
  STATE_RESPONSE: "to_worker",
  LOCK_ACQUIRE: "to_master",
  LOCK_RELEASE: "to_master",
  LOCK_RESPONSE: "to_worker",
  RESOURCE_CLAIM: "to_master",
  RESOURCE_RELEASE: "to_master",
  RESOURCE_STATUS: "both",
  ERROR: "both",
};

const names: ReadonlyMap<number, WorkerMessageName> = new Map(
  (Object.keys(workerMessageCodes) as WorkerMessageName[]).map((name) => [workerMessageCodes[name], name]),
);

/** Name of a message type; undefined for 0x60–0x7f and for what the protocol does not know. */
export function workerMessageName(code: number): WorkerMessageName | undefined {
  return names.get(code);
}
