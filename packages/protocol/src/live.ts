// The live stream of the console: JSON messages over one WebSocket, a subscription a topic. Source of the words: docs/live.md.
import type { RoutePermission } from "./http/route-spec.ts";
import type { RunStatus } from "./statuses.ts";

/** What can be subscribed to, and what one has to be allowed for it. `run` and `stream` are asked for as `run:ID` and `stream:ID`. */
export const liveTopics = {
  overview: "signed-in",
  runs: "run:read",
  run: "run:read",
  stream: "run:read",
  approvals: "approval:read",
  events: "event:read",
  schedules: "schedule:read",
  queues: "queue:read",
  triggers: "trigger:read",
  state: "state:read",
  workers: "deployment:read",
} as const satisfies Readonly<Record<string, RoutePermission>>;
export type LiveTopic = keyof typeof liveTopics;

/** A run that has changed, as lists show it. Times are milliseconds since 1970. */
export interface LiveRun {
  readonly id: string;
  readonly workflow: string;
  readonly status: RunStatus;
  readonly statusReason: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/** From the browser. `topic` is a topic, or `run:ID` or `stream:ID`; `after` is the number of the last event or piece of that run it has seen. */
export type LiveRequest =
  | { readonly type: "subscribe"; readonly topic: string; readonly after?: number | undefined }
  | { readonly type: "unsubscribe"; readonly topic: string }
  | { readonly type: "ping" };

/** To the browser. */
export type LiveMessage =
  | { readonly type: "hello"; readonly version: string; readonly instance: string; readonly now: number }
  | { readonly type: "pong"; readonly now: number }
  /** From now on nothing of the topic is missed; what was there before has to be read over HTTP. */
  | { readonly type: "subscribed"; readonly topic: string }
  | { readonly type: "refused"; readonly topic: string; readonly code: string; readonly message: string }
  /** Runs that were created or changed status, at most one entry a run, a few times a second. */
  | { readonly type: "runs"; readonly runs: readonly LiveRun[] }
  /**
   * One update of a subscribed run: the same name, number and data as on `GET /api/v1/runs/:run/events`. 0 is the number of
   * what has none there, and is told once: logs, progress, beginnings, statuses, the end.
   */
  | {
      readonly type: "run";
      readonly run: string;
      readonly event: string;
      readonly number: number;
      readonly data: unknown;
    }
  /**
   * One update of a followed stream: the same name, number and data as on `GET /api/v1/runs/:run/stream`; 0 is the number of the
   * end, which is told once.
   */
  | {
      readonly type: "stream";
      readonly run: string;
      readonly event: string;
      readonly number: number;
      readonly data: unknown;
    }
  /** Something of the topic is different, or may be: read it again. `names`: of events and keys of state, where they are few. */
  | { readonly type: "changed"; readonly topic: string; readonly names?: readonly string[] | undefined }
  /** Too much happened at once for this connection: everything of the topic has to be read again. */
  | { readonly type: "lagged"; readonly topic: string }
  /** The session has ended (`access_changed`: one may connect again); the connection closes. */
  | { readonly type: "ended"; readonly code: string };
