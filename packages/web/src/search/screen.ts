// Everything that fits a text, on a page of its own.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { param, searchParams } from "../shell/search-params.ts";
import { shellRoute } from "../shell/routes.tsx";

const searchPage = createRoute({
  getParentRoute: () => shellRoute,
  path: "search",
  staticData: { crumb: "Search" },
  validateSearch: searchParams({ q: param.text(), noun: param.text() }),
  component: lazyRouteComponent(() => import("./search-page.tsx"), "SearchPage"),
});

export const searchRoutes = [searchPage] as const;
