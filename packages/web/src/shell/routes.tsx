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
    readonly crumb?: string | ((params: Readonly<Record<string, string | undefined>>) => string);
  }
}

export const rootRoute = createRootRouteWithContext<{ readonly parts: Parts }>()({ component: Outlet });

/** Leads to where somebody can sign in, and from there back. */
async function goToSignIn(parts: Parts, from: string): Promise<void> {
  const methods = await parts.query.query({ ...signInMethodsQuery, staleTime: "static" });
  if (methods.setUp) redirect({ to: "/setup", throw: true });
  redirect({ to: "/sign-in", search: from === "/" ? {} : { return: from }, throw: true });
}

export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "shell",
  component: Shell,
  beforeLoad: async ({ context: { parts }, location }): Promise<void> => {
    try {
      await parts.query.query({ ...meQuery, staleTime: "static" });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      await goToSignIn(parts, location.href);
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
