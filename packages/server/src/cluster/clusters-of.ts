// The room of clusters, loaded when it is first needed: by a request, or by a run of an operation that has to go on after a start.
import type { Clusters } from "@sluice/core/cluster";
import type { ComposeOptions } from "../compose-parts.ts";
import type { ClusterGround } from "./open-clusters.ts";

/** What the versions of the product's own workflows begin with; `operation-workflow.ts` has the whole of it. */
const ownVersion = /^cluster-operation-/;

export interface LazyClusters {
  readonly open: () => Promise<Clusters>;
  /** As the engine asks for workers of a version: undefined for those of a project. */
  readonly provide: (version: string) => Promise<boolean> | undefined;
}

export function clustersOf(
  { settings, env }: Pick<ComposeOptions, "settings" | "env">,
  parts: () => Pick<ClusterGround, "engine" | "store" | "vault">,
): LazyClusters {
  let opened: Promise<Clusters> | undefined;
  const open = (): Promise<Clusters> => {
    opened ??= import("./open-clusters.ts").then(({ openClusters }) =>
      openClusters({ ...parts(), project: settings.project, env, limits: settings.limits }),
    );
    return opened;
  };
  const provide = (version: string): Promise<boolean> | undefined =>
    ownVersion.test(version) ? open().then(() => true) : undefined;
  return { open, provide };
}
