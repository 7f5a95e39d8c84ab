// Routes of terminals.
import { get, patch, post, remove } from "./route-spec.ts";
import type { RouteSpec } from "./route-spec.ts";

export const terminalRoutes = {
  listTerminals: {
    methods: get,
    path: "/api/v1/terminals",
    summary: "Terminals, oldest first; those that have ended for a while too",
    tag: "terminals",
    permission: "terminal:read",
  },
  createTerminal: {
    methods: post,
    path: "/api/v1/terminals",
    summary: "Begin a program on a terminal of its own, on the server's machine",
    tag: "terminals",
    permission: "terminal:create",
  },
  getTerminal: {
    methods: get,
    path: "/api/v1/terminals/:id",
    summary: "One terminal",
    tag: "terminals",
    permission: "terminal:read",
  },
  changeTerminal: {
    methods: patch,
    path: "/api/v1/terminals/:id",
    summary: "Rename a terminal, or begin the program of one that was made without",
    tag: "terminals",
    permission: "terminal:write",
  },
  endTerminal: {
    methods: remove,
    path: "/api/v1/terminals/:id",
    summary: "End a terminal and whatever runs in it",
    tag: "terminals",
    permission: "terminal:end",
  },
  typeInTerminal: {
    methods: post,
    path: "/api/v1/terminals/:id/input",
    summary: "Type into a terminal",
    tag: "terminals",
    permission: "terminal:write",
  },
  resizeTerminal: {
    methods: post,
    path: "/api/v1/terminals/:id/resize",
    summary: "Give a terminal another size",
    tag: "terminals",
    permission: "terminal:write",
  },
  getTerminalText: {
    methods: get,
    path: "/api/v1/terminals/:id/text",
    summary: "What is on a terminal's screen and above, as text without colours",
    tag: "terminals",
    permission: "terminal:read",
  },
  getTerminalScreen: {
    methods: get,
    path: "/api/v1/terminals/:id/snapshot",
    summary: "The screen of a terminal as escape sequences that draw it on one that was just reset",
    tag: "terminals",
    permission: "terminal:read",
  },
  watchTerminal: {
    methods: get,
    path: "/api/v1/terminals/:id/socket",
    summary: "WebSocket of a viewer: binary messages, see docs/terminals.md; browsers bring a ticket or their session",
    tag: "terminals",
    permission: "terminal:read",
    socket: true,
  },
} as const satisfies Record<string, RouteSpec>;
