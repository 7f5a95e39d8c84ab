// Events: what has been published, and who waits for what.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { Radio } from "lucide-react";
import { shellRoute } from "../shell/routes.tsx";
import type { NavItem } from "../shell/screen.ts";
import { param, searchParams } from "../shell/search-params.ts";

export const eventsNav: NavItem = {
  to: "/events",
  label: "Events",
  icon: Radio,
  section: "Workflows",
  keys: "g e",
  needs: "event:read",
  noun: "events",
};

const eventsPage = createRoute({
  getParentRoute: () => shellRoute,
  path: "events",
  staticData: { crumb: "Events" },
  validateSearch: searchParams({
    tab: param.oneOf(["waits"]),
    name: param.text(),
    event: param.int(),
    publish: param.flag(),
  }),
  component: lazyRouteComponent(() => import("./events-page.tsx"), "EventsPage"),
});

export const eventsRoutes = [eventsPage] as const;
