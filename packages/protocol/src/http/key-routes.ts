// Routes of encrypted payloads: their keys, and erasing what is sealed with them.
import { get, post } from "./route-spec.ts";
import type { RouteSpec } from "./route-spec.ts";

export const keyRoutes = {
  listKeys: {
    methods: get,
    path: "/api/v1/keys",
    summary: "The workflows that have keys of payloads; never the keys",
    tag: "keys",
    permission: "key:read",
  },
  rotateKeys: {
    methods: post,
    path: "/api/v1/keys/rotate",
    summary: "Give a workflow, or all of them, a new key",
    tag: "keys",
    permission: "key:write",
  },
  eraseKeys: {
    methods: post,
    path: "/api/v1/keys/erase",
    summary: "Erase the key of a workflow, with the values of its ended runs",
    tag: "keys",
    permission: "key:write",
  },
  eraseRun: {
    methods: post,
    path: "/api/v1/runs/:run/erase",
    summary: "Erase the values of an ended run that is encrypted, and of the runs that have its key",
    tag: "keys",
    permission: "run:erase",
  },
} as const satisfies Record<string, RouteSpec>;
