// Who may do what: every permission, what can narrow it, and the roles that come with the product. One line each.

/** What a permission or a token can be narrowed to; values are patterns in which `*` stands for any characters. */
export const selectorNames = [
  "workflow",
  "event",
  "state",
  "schedule",
  "cache",
  "tenant",
  "label",
  "kind",
  "stream",
  "terminal",
  "cluster",
] as const;
export type SelectorName = (typeof selectorNames)[number];

export interface PermissionSpec {
  /** What it allows, as a sentence part after "may". */
  readonly about: string;
  /** The selector that narrows it; without one it is all or nothing. */
  readonly narrowedBy?: SelectorName;
  /** Leads to a shell of the server's own user: the role admin alone has it, and no custom role can. */
  readonly shell?: true;
}

/** Every permission as `noun:verb`. */
export const permissions = {
  "workflow:read": { about: "see workflows, their triggers, graphs and figures", narrowedBy: "workflow" },
  "run:read": { about: "see runs with their journals, logs and values", narrowedBy: "workflow" },
  "run:start": { about: "start runs", narrowedBy: "workflow" },
  "run:cancel": { about: "cancel runs", narrowedBy: "workflow" },
  "run:pause": { about: "pause and resume runs", narrowedBy: "workflow" },
  "run:retry": { about: "retry runs", narrowedBy: "workflow" },
  "run:fork": { about: "fork runs", narrowedBy: "workflow" },
  "run:trust": { about: "have forks take over what the steps of imported runs have found", narrowedBy: "workflow" },
  "run:move": { about: "move unfinished runs to the current code", narrowedBy: "workflow" },
  "run:import": { about: "bring exported runs in as history", narrowedBy: "workflow" },
  "run:delete": { about: "delete ended runs", narrowedBy: "workflow" },
  "run:erase": { about: "erase the values of encrypted runs for good", narrowedBy: "workflow" },
  "step-cache:clear": { about: "forget results of steps that are kept for other runs", narrowedBy: "workflow" },
  "event:read": { about: "see events and who waits for them", narrowedBy: "event" },
  "event:send": { about: "publish events", narrowedBy: "event" },
  "approval:read": { about: "see what waits for a decision", narrowedBy: "workflow" },
  "approval:decide": { about: "approve and deny, and see the links that decide or complete", narrowedBy: "workflow" },
  "schedule:read": { about: "see schedules", narrowedBy: "workflow" },
  "schedule:control": { about: "pause, resume and fire schedules", narrowedBy: "workflow" },
  "queue:read": { about: "see queues", narrowedBy: "workflow" },
  "queue:control": { about: "pause and resume queues", narrowedBy: "workflow" },
  "trigger:read": { about: "see triggers and the deliveries of webhooks", narrowedBy: "workflow" },
  "trigger:control": { about: "pause, resume, fire and test triggers, and redeliver", narrowedBy: "workflow" },
  "state:read": { about: "read state", narrowedBy: "state" },
  "state:write": { about: "change state", narrowedBy: "state" },
  "deployment:read": { about: "see versions and workers" },
  "metric:read": { about: "read figures" },
  "metric:write": { about: "send figures" },
  "settings:read": { about: "see the settings of the server" },
  "breaker:reset": { about: "close circuit breakers" },
  "secret:read": { about: "see which secrets there are, never their values" },
  "secret:write": { about: "set, remove and re-encrypt secrets" },
  "key:read": { about: "see which workflows have keys of payloads" },
  "key:write": { about: "rotate and erase keys of payloads" },
  "backup:create": { about: "make backups", shell: true },
  "backup:restore": { about: "restore backups", shell: true },
  "user:read": { about: "see users and their sessions" },
  "user:write": { about: "create, change and disable users, and end their sessions" },
  "role:read": { about: "see roles" },
  "role:write": { about: "make, change and delete roles" },
  "token:read": { about: "see everybody's tokens" },
  "token:write": { about: "revoke everybody's tokens" },
  "audit:read": { about: "search, verify and export the audit trail" },
  "worker:connect": { about: "connect as a worker", narrowedBy: "label" },
  "worker:control": { about: "drain and remove workers" },
  "build:read": { about: "see builds and their output" },
  "build:start": { about: "have workers execute builds" },
  "build:cancel": { about: "end builds early" },
  "log:read": { about: "search and follow logs", narrowedBy: "tenant" },
  "log:write": { about: "send logs", narrowedBy: "tenant" },
  "log:delete": { about: "delete logs by query", narrowedBy: "tenant" },
  "terminal:read": { about: "see terminals and what is on their screens", narrowedBy: "terminal" },
  "terminal:create": { about: "begin terminals, as the user that the server runs as", shell: true },
  "terminal:write": { about: "type into terminals, resize and rename them", shell: true },
  "terminal:end": { about: "end terminals", narrowedBy: "terminal" },
  "blob:read": { about: "read the blobs of the own cache scope and of main", narrowedBy: "cache" },
  "blob:write": { about: "store blobs in the own cache scope", narrowedBy: "cache" },
  "cache:evict": { about: "make room in the build cache" },
  "cluster:read": { about: "see clusters, components, plans and operations", narrowedBy: "cluster" },
  "cluster:write": { about: "add clusters, whose kubeconfigs may run programs, and components", shell: true },
  "cluster:plan": { about: "make plans for components", narrowedBy: "cluster" },
  "cluster:approve": { about: "approve plans", narrowedBy: "cluster" },
  "cluster:apply": { about: "apply approved plans and undo operations", narrowedBy: "cluster" },
  "recovery:read": { about: "see failover plans, their readiness, failovers and drills" },
  "recovery:write": { about: "add failover plans, whose secrets the server uses", shell: true },
  "recovery:begin": { about: "check failover plans, and plan and begin failovers and drills" },
  "recovery:approve": { about: "approve and review failovers" },
} as const satisfies Readonly<Record<string, PermissionSpec>>;
export type Permission = keyof typeof permissions;

/** A permission as a role or token holds it; absent `only` means everything. */
export interface Grant {
  /** A permission, `noun:*`, or `*`. */
  readonly permission: string;
  /** Patterns for the selector that narrows the permission: one of them has to match. */
  readonly only?: readonly string[] | undefined;
}

const reading: readonly Grant[] = [
  "workflow:read",
  "run:read",
  "event:read",
  "approval:read",
  "schedule:read",
  "queue:read",
  "trigger:read",
  "state:read",
  "build:read",
  "log:read",
  "blob:read",
  "cluster:read",
  "recovery:read",
  "deployment:read",
  "metric:read",
].map((permission) => ({ permission }));
const operating: readonly Grant[] = [
  "run:start",
  "run:cancel",
  "run:pause",
  "run:retry",
  "event:send",
  "approval:decide",
  "schedule:control",
  "breaker:reset",
  "queue:control",
  "trigger:control",
  "build:start",
  "build:cancel",
  "log:write",
  "metric:write",
  "blob:write",
  "cache:evict",
  "cluster:plan",
  "cluster:approve",
  "cluster:apply",
  "recovery:begin",
  "recovery:approve",
  "worker:control",
].map((permission) => ({ permission }));
const developing: readonly Grant[] = [
  "run:fork",
  "run:move",
  "run:import",
  "run:delete",
  "step-cache:clear",
  "state:write",
  "settings:read",
  "secret:read",
  "key:read",
].map((permission) => ({
  permission,
}));

/** The roles that are always there. `worker` is for workers alone. */
export const builtInRoles = {
  viewer: reading,
  operator: [...reading, ...operating],
  developer: [...reading, ...operating, ...developing],
  admin: [{ permission: "*" }],
  worker: ["worker:connect", "blob:read", "blob:write"].map((permission) => ({ permission })),
} as const satisfies Readonly<Record<string, readonly Grant[]>>;
export type BuiltInRole = keyof typeof builtInRoles;
