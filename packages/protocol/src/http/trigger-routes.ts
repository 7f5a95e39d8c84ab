// Routes of triggers other than schedules: what starts by itself, how far it has got, and the deliveries of webhooks.
import { get, post } from "./route-spec.ts";
import type { RouteSpec } from "./route-spec.ts";

export const triggerRoutes = {
  listTriggers: {
    methods: get,
    path: "/api/v1/triggers",
    summary: "The triggers of the deployed workflows, and how far each has got; schedules have a list of their own",
    tag: "triggers",
    permission: "trigger:read",
  },
  getTrigger: {
    methods: get,
    path: "/api/v1/triggers/:trigger",
    summary: "One trigger",
    tag: "triggers",
    permission: "trigger:read",
  },
  pauseTrigger: {
    methods: post,
    path: "/api/v1/triggers/:trigger/pause",
    summary: "Start no runs until it is resumed; a webhook answers 503",
    tag: "triggers",
    permission: "trigger:control",
  },
  resumeTrigger: {
    methods: post,
    path: "/api/v1/triggers/:trigger/resume",
    summary: "Go on where it was paused",
    tag: "triggers",
    permission: "trigger:control",
  },
  runTrigger: {
    methods: post,
    path: "/api/v1/triggers/:trigger/run",
    summary: "Poll now, or start a run through the form of a manual trigger",
    tag: "triggers",
    permission: "trigger:control",
  },
  testTrigger: {
    methods: post,
    path: "/api/v1/triggers/:trigger/test",
    summary: "Deliver a made-up request to a webhook, without its signature; with `dryRun` nothing is started",
    tag: "triggers",
    permission: "trigger:control",
  },
  listDeliveries: {
    methods: get,
    path: "/api/v1/deliveries",
    summary: "Requests to webhooks and what became of them, newest first",
    tag: "triggers",
    permission: "trigger:read",
  },
  getDelivery: {
    methods: get,
    path: "/api/v1/deliveries/:delivery",
    summary: "One delivery with its headers and body",
    tag: "triggers",
    permission: "trigger:read",
  },
  redeliver: {
    methods: post,
    path: "/api/v1/deliveries/:delivery/redeliver",
    summary: "Deliver it once more: a new run, whatever became of the first",
    tag: "triggers",
    permission: "trigger:control",
  },
} as const satisfies Record<string, RouteSpec>;
