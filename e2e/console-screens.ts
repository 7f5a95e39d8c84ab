// Every screen of the console with a path that shows it: visited by the accessibility test and by `npm run screens`.
import type { ConsoleData } from "./console-data.ts";

export interface ConsoleScreen {
  /** Of its picture. */
  readonly name: string;
  readonly path: (data: ConsoleData) => string;
}

export const consoleScreens: readonly ConsoleScreen[] = [
  { name: "home", path: () => "/" },
  { name: "search", path: () => "/search?q=order" },
  { name: "settings-appearance", path: () => "/settings/appearance" },
  { name: "approvals", path: () => "/approvals" },
  { name: "approve", path: () => "/approve/no-such-token" },
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
  { name: "metrics", path: () => "/metrics/server" },
  { name: "not-found", path: () => "/runs/nothing/at/all" },
];
