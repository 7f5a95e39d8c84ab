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
  listServices: {
    methods: get,
    path: "/api/v1/services",
    summary: "The services that workers have started, and how they are",
    tag: "services",
    permission: "deployment:read",
  },
  listBreakers: {
    methods: get,
    path: "/api/v1/breakers",
    summary: "Circuit breakers, in order of names",
    tag: "services",
    permission: "deployment:read",
  },
  resetBreaker: {
    methods: post,
    path: "/api/v1/breakers/:name/reset",
    summary: "Close a circuit breaker, whatever it has seen",
    tag: "services",
    permission: "breaker:reset",
  },
} as const satisfies Record<string, RouteSpec>;
