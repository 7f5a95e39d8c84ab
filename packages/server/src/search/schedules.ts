// Schedules: by a piece of their id, which begins with their workflow.
import { fitting, pageAt } from "./source.ts";
import type { SearchParts, SearchSource } from "./source.ts";

export function scheduleSearch({ engine }: SearchParts): SearchSource {
  return {
    noun: "schedules",
    async search(request) {
      const workflows = request.principal.patterns("schedule:read");
      const seen = engine.schedules.list(workflows === undefined ? undefined : { workflows });
      const { items, more } = fitting(seen, request, ({ id }) => [id]);
      const hits = items.map(({ id, cron, timezone, paused }) => ({
        id,
        title: id,
        detail: `${cron} (${timezone})`,
        page: pageAt(["schedules"], { schedule: id }),
        status: paused ? "paused" : null,
        at: engine.schedules.preview(id, 1)[0] ?? null,
      }));
      return { hits, more };
    },
  };
}
