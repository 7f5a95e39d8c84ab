// Routes of what workflows use: secrets, services and circuit breakers.
import { get, post, put, remove } from "./route-spec.ts";
import type { RouteSpec } from "./route-spec.ts";

export const serviceRoutes = {
  listSecrets: {
    methods: get,
    path: "/api/v1/secrets",
    summary: "The secrets that are kept; never their values",
    tag: "services",
    permission: "secret:read",
  },
  setSecret: {
    methods: put,
    path: "/api/v1/secrets/:name",
    summary: "Set a secret; no route shows it again",
    tag: "services",
    permission: "secret:write",
  },
  removeSecret: {
    methods: remove,
    path: "/api/v1/secrets/:name",
    summary: "Remove a secret",
    tag: "services",
    permission: "secret:write",
  },
  rotateSecrets: {
    methods: post,
    path: "/api/v1/secrets/rotate",
    summary: "Make a new key and encrypt every secret with it",
    tag: "services",
    permission: "secret:write",
  },
} as const satisfies Record<string, RouteSpec>;
