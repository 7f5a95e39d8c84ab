// Runs: by id, idempotency key and tag, each whole or by its beginning.
import type { RunHit } from "@sluice/core";
import { pageAt } from "./source.ts";
import type { SearchHit, SearchParts, SearchSource } from "./source.ts";

export function runSearch({ engine }: SearchParts): SearchSource {
  return {
    noun: "runs",
    async search({ text, limit, principal }) {
      const workflows = principal.patterns("run:read");
      const access = workflows === undefined ? undefined : { workflows };
      const { hits, more } = await engine.store.searchRuns({ text, limit, access });
      return { hits: hits.map(hitOf), more };
    },
  };
}

function hitOf({ run, by, value }: RunHit): SearchHit {
  return {
    id: run.id,
    title: run.id,
    detail: by === "id" ? run.workflow : `${run.workflow} · ${by} ${value}`,
    page: pageAt(["runs", run.id]),
    status: run.status,
    at: run.createdAt,
  };
}
