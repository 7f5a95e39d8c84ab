// Workflows: those that are deployed and those that have runs, by a piece of their name.
import { fitting, pageAt } from "./source.ts";
import type { SearchParts, SearchSource } from "./source.ts";

export function workflowSearch({ engine }: SearchParts): SearchSource {
  return {
    noun: "workflows",
    async search(request) {
      const deployed = new Map(engine.deployments.workflows.map(({ manifest }) => [manifest.name, manifest]));
      const workflows = request.principal.patterns("workflow:read");
      const access = workflows === undefined ? undefined : { workflows };
      const ran = await engine.store.listRetentions({ access });
      const current = [...deployed.keys()].filter((name) => request.principal.allows("workflow:read", name));
      const seen = [...new Set([...current, ...ran.map(({ workflow }) => workflow)])].toSorted();
      const { items, more } = fitting(seen, request, (name) => [name]);
      const hits = items.map((name) => ({
        id: name,
        title: name,
        detail: deployed.has(name) ? (deployed.get(name)?.description ?? null) : "no longer deployed",
        page: pageAt(["workflows", name]),
        status: null,
        at: null,
      }));
      return { hits, more };
    },
  };
}
