// The nouns that search finds, in the order in which they are shown.
import { approvalSearch } from "./approvals.ts";
import { eventSearch } from "./events.ts";
import { runSearch } from "./runs.ts";
import { scheduleSearch } from "./schedules.ts";
import { settingsSearch } from "./settings.ts";
import type { SearchParts, SearchSource } from "./source.ts";
import { stateSearch } from "./state.ts";
import { tokenSearch } from "./tokens.ts";
import { userSearch } from "./users.ts";
import { workflowSearch } from "./workflows.ts";

export function searchSources(parts: SearchParts): readonly SearchSource[] {
  return [
    runSearch(parts),
    workflowSearch(parts),
    scheduleSearch(parts),
    approvalSearch(parts),
    eventSearch(parts),
    stateSearch(parts),
    userSearch(parts),
    tokenSearch(parts),
    settingsSearch(),
  ];
}
