// The first screen: what needs somebody now.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { House } from "lucide-react";
import { shellRoute } from "../shell/routes.tsx";
import type { NavItem } from "../shell/screen.ts";

export const homeNav: NavItem = { to: "/", label: "Home", icon: House, section: "", keys: "g h", onPhones: true };

const homePage = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  staticData: { crumb: "Home" },
  component: lazyRouteComponent(() => import("./home-page.tsx"), "HomePage"),
});

export const homeRoutes = [homePage] as const;
