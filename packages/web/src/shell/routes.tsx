// The two routes everything hangs on: the root, and the shell that needs somebody to be signed in.
import { createRootRouteWithContext, createRoute, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import { ApiError } from "../api.ts";
import type { Parts } from "../parts.ts";
import { meQuery, signInMethodsQuery } from "../session/session.ts";
import { param, searchParams } from "./search-params.ts";
import { Shell } from "./shell.tsx";

declare module "@tanstack/react-router" {
  interface StaticDataRouteOption {
    /** Its name in the breadcrumbs and the page's title; made of the path's parameters where it depends on them. */
    readonly crumb?: string | ((params: Readonly<Record<string, string>>) => string);
  }
}

export const rootRoute = createRootRouteWithContext<{ readonly parts: Parts }>()({ component: Outlet });

/** Where to go when nobody is signed in. */
async function signInPage(parts: Parts, from: string): Promise<ReturnType<typeof redirect>> {
  const methods = await parts.query.ensureQueryData(signInMethodsQuery);
  if (methods.setUp) return redirect({ to: "/setup" });
  return redirect({ to: "/sign-in", search: from === "/" ? {} : { return: from } });
}

export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "shell",
  component: Shell,
  beforeLoad: async ({ context: { parts }, location }) => {
    try {
      await parts.query.ensureQueryData(meQuery);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) throw await signInPage(parts, location.href);
      throw error;
    }
  },
});

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "sign-in",
  staticData: { crumb: "Sign in" },
  validateSearch: searchParams({ return: param.text(), error: param.text() }),
  component: lazyRouteComponent(() => import("../sign-in/sign-in-page.tsx"), "SignInPage"),
});

export const setUpRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "setup",
  staticData: { crumb: "Set up" },
  component: lazyRouteComponent(() => import("../sign-in/set-up-page.tsx"), "SetUpPage"),
});
