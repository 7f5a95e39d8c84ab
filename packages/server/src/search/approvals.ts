// Approvals that wait: by a piece of their name, description, workflow or run. Their tokens are not found: those decide.
import { fitting, pageAt } from "./source.ts";
import type { SearchParts, SearchSource } from "./source.ts";

/** Those that have waited longest are looked at. */
const scannedMax = 1_000;

export function approvalSearch({ engine }: SearchParts): SearchSource {
  return {
    noun: "approvals",
    async search(request) {
      const workflows = request.principal.patterns("approval:read");
      const access = workflows === undefined ? undefined : { workflows };
      const open = await engine.store.listTokens({ kind: "approval", status: "open", limit: scannedMax, access });
      const textsOf = ({ name, description, workflow, run }: (typeof open)[number]): readonly string[] =>
        description === undefined ? [name, workflow, run] : [name, description, workflow, run];
      const { items, more } = fitting(open, request, textsOf);
      const hits = items.map(({ name, workflow, run, seq, createdAt }) => ({
        id: `${run}:${seq}`,
        title: name,
        detail: `${workflow} · ${run}`,
        page: pageAt(["approvals"], { run }),
        status: "waiting",
        at: createdAt,
      }));
      return { hits, more: more || open.length === scannedMax };
    },
  };
}
