// What something in a run can wait for, or be due as, in every adapter.

export type WaitKind =
  | "sleep"
  | "event"
  | "approval"
  | "callback"
  | "child"
  | "lock"
  | "task"
  | "retry"
  | "cache"
  | "delay"
  | "timeout"
  | "start";
