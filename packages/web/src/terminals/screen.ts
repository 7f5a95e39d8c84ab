// Terminals: which there are, and those that are open.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { SquareTerminal } from "lucide-react";
import { shellRoute } from "../shell/routes.tsx";
import type { NavItem } from "../shell/screen.ts";
import { param, searchParams } from "../shell/search-params.ts";

export const terminalsNav: NavItem = {
  to: "/terminals",
  label: "Terminals",
  icon: SquareTerminal,
  section: "Operations",
  keys: "g x",
  needs: "terminal:read",
};

const parent = createRoute({
  getParentRoute: () => shellRoute,
  path: "terminals",
  staticData: { crumb: "Terminals" },
});

const listPage = createRoute({
  getParentRoute: () => parent,
  path: "/",
  validateSearch: searchParams({ create: param.flag() }),
  component: lazyRouteComponent(() => import("./terminals-page.tsx"), "TerminalsPage"),
});

const recordingPage = createRoute({
  getParentRoute: () => parent,
  path: "recordings/$recording",
  staticData: { crumb: ({ recording }) => recording ?? "" },
  component: lazyRouteComponent(() => import("./recording-page.tsx"), "RecordingPage"),
});

const openPage = createRoute({
  getParentRoute: () => parent,
  path: "$terminal",
  staticData: { crumb: ({ terminal }) => terminal ?? "" },
  validateSearch: searchParams({ layout: param.text() }),
  component: lazyRouteComponent(() => import("./open-page.tsx"), "OpenTerminalsPage"),
});

export const terminalsRoutes = [parent.addChildren([listPage, recordingPage, openPage])] as const;
