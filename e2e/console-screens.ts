// Every screen of the console with a path that shows it: visited by the accessibility test and by `npm run screens`.
import type { RigData } from "./console-rig.ts";

export interface ConsoleScreen {
  /** Of its picture. */
  readonly name: string;
  readonly path: (data: RigData) => string;
  /** Whom it is for: `first` is whoever makes the first user, before there is one. Without it, somebody signed in. */
  readonly seenBy?: "first" | "stranger";
}

/** The link as the server printed it, without its host. */
function pathOf(url: string): string {
  const { pathname, hash } = new URL(url);
  return pathname + hash;
}

export const consoleScreens: readonly ConsoleScreen[] = [
  { name: "set-up", path: ({ setUpUrl }) => pathOf(setUpUrl), seenBy: "first" },
  { name: "sign-in", path: () => "/sign-in", seenBy: "stranger" },
  { name: "home", path: () => "/" },
  { name: "workflows", path: () => "/workflows" },
  { name: "workflow", path: () => "/workflows/order" },
  { name: "workflow-graph", path: () => "/workflows/order?tab=graph" },
  { name: "workflow-triggers", path: () => "/workflows/report?tab=triggers" },
  { name: "workflow-versions", path: () => "/workflows/order?tab=versions" },
  { name: "workflow-input", path: () => "/workflows/order?tab=input" },
  { name: "workflow-start", path: () => "/workflows/order/start" },
  { name: "search", path: () => "/search?q=order" },
  { name: "settings-appearance", path: () => "/settings/appearance" },
  { name: "settings-account", path: () => "/settings/account" },
  { name: "settings-users", path: () => "/settings/users" },
  { name: "settings-roles", path: () => "/settings/roles" },
  { name: "settings-role", path: () => "/settings/roles?role=developer" },
  { name: "settings-tokens", path: () => "/settings/tokens" },
  { name: "settings-secrets", path: () => "/settings/secrets" },
  { name: "settings-secrets-set", path: () => "/settings/secrets?create=true" },
  { name: "settings-audit", path: () => "/settings/audit" },
  { name: "settings-server", path: () => "/settings/server" },
  { name: "runs", path: () => "/runs" },
  { name: "runs-none", path: () => "/runs?workflow=no-such-workflow" },
  { name: "run", path: ({ completedRun }) => `/runs/${completedRun}` },
  { name: "run-step", path: ({ failedRun }) => `/runs/${failedRun}?step=0` },
  { name: "run-graph", path: ({ completedRun }) => `/runs/${completedRun}?tab=graph` },
  { name: "run-journal", path: ({ failedRun }) => `/runs/${failedRun}?tab=journal` },
  { name: "run-logs", path: ({ payoutRun }) => `/runs/${payoutRun}?tab=logs` },
  { name: "run-events", path: ({ payoutRun }) => `/runs/${payoutRun}?tab=events` },
  { name: "run-children", path: ({ completedRun }) => `/runs/${completedRun}?tab=children` },
  { name: "run-audit", path: ({ failedRun }) => `/runs/${failedRun}?tab=audit` },
  { name: "run-details", path: ({ failedRun }) => `/runs/${failedRun}?tab=details` },
  { name: "runs-compare", path: ({ completedRun, failedRun }) => `/runs/compare?a=${completedRun}&b=${failedRun}` },
  { name: "logs", path: () => "/logs" },
  { name: "approvals", path: () => "/approvals" },
  { name: "approve", path: () => "/approve/no-such-token", seenBy: "stranger" },
  { name: "events", path: () => "/events" },
  { name: "events-one", path: () => "/events?event=1" },
  { name: "events-publish", path: () => "/events?publish=true" },
  { name: "events-waits", path: () => "/events?tab=waits" },
  { name: "schedules", path: () => "/schedules" },
  { name: "schedules-one", path: () => "/schedules?schedule=report%3Anightly" },
  { name: "schedules-calendar", path: () => "/schedules?tab=calendar" },
  { name: "state", path: () => "/state" },
  { name: "state-one", path: () => "/state?key=orders" },
  { name: "workers", path: () => "/workers" },
  { name: "builds", path: () => "/builds" },
  { name: "terminals", path: () => "/terminals" },
  { name: "terminals-new", path: () => "/terminals?create=true" },
  { name: "terminal", path: ({ terminal }) => `/terminals/${terminal}` },
  { name: "clusters", path: () => "/clusters" },
  { name: "clusters-topology", path: () => "/clusters?tab=topology" },
  { name: "component", path: () => "/clusters/components/db" },
  { name: "component-plans", path: () => "/clusters/components/db?tab=plans" },
  { name: "component-operations", path: () => "/clusters/components/db?tab=operations" },
  { name: "component-new", path: () => "/clusters/components/web" },
  { name: "mesh", path: () => "/clusters/meshes/main" },
  { name: "recovery", path: () => "/clusters/recovery" },
  { name: "plan", path: ({ newPlan }) => `/clusters/plans/${newPlan}` },
  { name: "plan-drift", path: ({ driftPlan }) => `/clusters/plans/${driftPlan}` },
  { name: "metrics", path: () => "/metrics" },
  { name: "not-found", path: () => "/runs/nothing/at/all" },
];
