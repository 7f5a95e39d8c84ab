// Rows of builds as a whole: all of one status, and what is said where there is none.
import type { BuildRecord } from "../kernel/build-store.ts";
import { fail } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { FleetParts } from "./ports.ts";

/** Rows read at once. */
const listedAtOnceMax = 500;

/** Every build of a status, the oldest first. */
export async function listAll(
  { builds }: Pick<FleetParts["store"], "builds">,
  status: "queued" | "running",
): Promise<readonly BuildRecord[]> {
  const found: BuildRecord[] = [];
  let cursor: string | undefined;
  do {
    const page = await builds.listBuilds({ status, order: "oldest", limit: listedAtOnceMax, cursor });
    found.push(...page.builds);
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

export function noBuild(build: string): Result<never> {
  return fail({
    code: "build_not_found",
    message: `There is no build ${JSON.stringify(build.slice(0, 80))}.`,
    hint: "GET /api/v1/builds lists them.",
  });
}
