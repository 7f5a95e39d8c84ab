// All routes put together.
import { createRoute, createRouter } from "@tanstack/react-router";
import { approveRoute } from "./approvals/screen.ts";
import type { Parts } from "./parts.ts";
import { screenRoutes } from "./screens.ts";
import { NotFound, ScreenError, ScreenPending } from "./shell/page.tsx";
import { rootRoute, setUpRoute, shellRoute, signInRoute } from "./shell/routes.tsx";
import { parseSearch, stringifySearch } from "./shell/search-params.ts";

const pendingMs = 150;
const pendingMinMs = 200;

/** Everything else: said inside of the shell, so that one finds the way from there. */
const nothingRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "$",
  staticData: { crumb: "Not found" },
  component: NotFound,
});

const routeTree = rootRoute.addChildren([
  shellRoute.addChildren([...screenRoutes, nothingRoute]),
  signInRoute,
  setUpRoute,
  approveRoute,
]);

export function createConsoleRouter(parts: Parts) {
  return createRouter({
    routeTree,
    context: { parts },
    parseSearch,
    stringifySearch,
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    defaultPendingMs: pendingMs,
    defaultPendingMinMs: pendingMinMs,
    defaultPendingComponent: ScreenPending,
    defaultErrorComponent: ScreenError,
    defaultNotFoundComponent: NotFound,
    notFoundMode: "fuzzy",
    scrollRestoration: true,
    scrollToTopSelectors: ["#content"],
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
