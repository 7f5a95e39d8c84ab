// Schedules: what starts by itself, as a list and as a calendar.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { CalendarClock } from "lucide-react";
import { shellRoute } from "../shell/routes.tsx";
import type { NavItem } from "../shell/screen.ts";
import { param, searchParams } from "../shell/search-params.ts";

export const schedulesNav: NavItem = {
  to: "/schedules",
  label: "Schedules",
  icon: CalendarClock,
  section: "Workflows",
  keys: "g s",
  needs: "schedule:read",
  noun: "schedules",
};

const schedulesPage = createRoute({
  getParentRoute: () => shellRoute,
  path: "schedules",
  staticData: { crumb: "Schedules" },
  validateSearch: searchParams({
    tab: param.oneOf(["calendar"]),
    schedule: param.text(),
    workflow: param.text(),
    span: param.oneOf(["week"]),
    /** A day of the month or week that is shown, as `2026-03-09`. */
    day: param.text(),
  }),
  component: lazyRouteComponent(() => import("./schedules-page.tsx"), "SchedulesPage"),
});

export const schedulesRoutes = [schedulesPage] as const;
