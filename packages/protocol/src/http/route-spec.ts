// What the route table says of each URL.
import type { Permission } from "../permissions.ts";

export type RouteMethod = "GET" | "POST" | "PUT" | "DELETE" | "PATCH";
export type RouteTag =
  | "workflows"
  | "runs"
  | "events"
  | "approvals"
  | "schedules"
  | "queues"
  | "triggers"
  | "state"
  | "webhooks"
  | "sign-in"
  | "users"
  | "services"
  | "keys"
  | "versions"
  | "workers"
  | "builds"
  | "logs"
  | "metrics"
  | "terminals"
  | "clusters"
  | "audit"
  | "console"
  | "server";

/**
 * Who may call a route. `open`: everybody; it is harmless, or the URL itself is the permission. `signed-in`: everybody who is
 * known; what it shows or changes is their own, or filtered by what they may see.
 */
export type RoutePermission = Permission | "signed-in" | "open";

/** One URL. A path is made of literal segments, `:name` for one segment, and `*` at its end for the rest. */
export interface RouteSpec {
  readonly methods: readonly RouteMethod[];
  readonly path: string;
  readonly summary: string;
  readonly tag: RouteTag;
  readonly permission: RoutePermission;
  /** A session in a cookie is not enough: any link could set it off. Browsers bring a ticket. */
  readonly needsTicket?: true;
  /** Answered with an upgrade to a WebSocket. */
  readonly socket?: true;
  /** A token may also come as other products send theirs: Basic password, `Splunk`, `ApiKey`, `DD-API-KEY`. */
  readonly anyToken?: true;
  /** A token may also come as `?token=`, for clients that cannot set headers; it is taken out of the query and never logged. */
  readonly queryToken?: true;
}

export const get = ["GET"] as const;
export const post = ["POST"] as const;
export const put = ["PUT"] as const;
export const patch = ["PATCH"] as const;
export const remove = ["DELETE"] as const;
