// What takes part: servers that answer the same three requests about the same runs for the same token.

import type { ChildProcess } from "node:child_process";

/** Made once, opened by every contender in every round. */
export interface Prepared {
  /** Sluice's data folder, closed. */
  readonly folder: string;
  /** The same runs and the same token, as a database for the peer. */
  readonly database: string;
  /** Columns of it that hold JSON. */
  readonly jsonColumns: readonly string[];
  readonly token: string;
  /** The newest runs, as many as are listed. */
  readonly newest: readonly unknown[];
  /** The run that is asked for by its id. */
  readonly run: { readonly id: string };
}

/** A server that answers. */
export interface Contender {
  readonly port: number;
  readonly child: ChildProcess;
}

/** Loads: every route alone, all in turn, all in turn under a flood of sign-ins. */
export const loadNames = ["alone", "mixed", "flood"] as const;
export type LoadName = (typeof loadNames)[number];

export const routeNames = ["health", "list", "run"] as const;
export type RouteName = (typeof routeNames)[number];

/** Runs of a page. */
export const LISTED = 20;

export const pathOf = (route: RouteName, runId: string): string =>
  ({ health: "/health", list: `/api/v1/runs?limit=${LISTED}`, run: `/api/v1/runs/${runId}` })[route];

export interface ContenderSpec {
  readonly name: string;
  readonly title: string;
  readonly peer: boolean;
  readonly loads: readonly LoadName[];
  /** `folder`: empty, of its own. */
  readonly open: (prepared: Prepared, folder: string) => Promise<Contender>;
}

export const contenders: readonly ContenderSpec[] = [
  {
    name: "sluice",
    title: "Sluice",
    peer: false,
    loads: loadNames,
    open: async (prepared, folder) => (await import("./contenders/sluice.ts")).openSluice(prepared, folder),
  },
  {
    name: "hono",
    title: "Hono on Node",
    peer: true,
    loads: ["alone", "mixed"], // It has no sign-in.
    open: async (prepared) => (await import("./contenders/hono.ts")).openHono(prepared),
  },
];
