// The numbers of the frames that carry what an engine and a worker say to each other about runs.

/** Numeric types of the frames that carry these messages. */
export const runMessageCodes = {
  deploy: 0x60,
  assign: 0x61,
  journal: 0x62,
  ops: 0x63,
  events: 0x64,
  validate: 0x65,
  validated: 0x66,
  drain: 0x67,
  handback: 0x68,
  piece: 0x69,
  checked: 0x6a,
  reveal: 0x78,
  revealed: 0x79,
  refresh: 0x7a,
  admit: 0x7b,
  admitted: 0x7c,
  services: 0x7d,
  past: 0x6b,
  passed: 0x6c,
  invoke: 0x70,
  invoked: 0x71,
  task: 0x72,
  revoke: 0x73,
  result: 0x74,
  note: 0x75,
} as const;
export type RunMessageName = keyof typeof runMessageCodes;
