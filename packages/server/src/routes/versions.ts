// Versions of the code side by side: what each still has to finish, and moving runs to the current one.
import { unwrap } from "@sluice/core";
import { intersectPatterns } from "@sluice/core/identity";
import { SluiceError } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { fieldsOf, optionalTextOf } from "../fields.ts";
import { reply } from "../wire.ts";
import { answerRun, runNotFound } from "./runs.ts";

const nameCharsMax = 128;
const cursorCharsMax = 200;

export async function listVersions(call: Call): Promise<Response> {
  call.query().done();
  const { engine, parts } = call;
  const access = call.access("run:read");
  const [versions, counts] = await Promise.all([
    engine.store.listVersions(),
    parts.store.figures.countByVersion({ access }),
  ]);
  const byVersion = Map.groupBy(counts, ({ version }) => version);
  const shown = versions.map(({ version, createdAt }) => {
    const runs = byVersion.get(version) ?? [];
    const workflows = [...Map.groupBy(runs, ({ workflow }) => workflow)].map(([workflow, rows]) => ({
      workflow,
      unfinishedRuns: sumOf(rows),
      statuses: Object.fromEntries(rows.map((row) => [row.status, row.runs])),
    }));
    return {
      version,
      createdAt,
      current: version === engine.deployments.version,
      unfinishedRuns: sumOf(runs),
      workflows,
    };
  });
  return reply("json", 200, { versions: shown.toSorted((a, b) => b.createdAt - a.createdAt) });
}

function sumOf(rows: readonly { readonly runs: number }[]): number {
  return rows.reduce((sum, { runs }) => sum + runs, 0);
}

export async function moveRun(call: Call): Promise<Response> {
  call.query().done();
  const run = call.param(0);
  const record = await call.engine.store.getRun({ run });
  if (record === undefined) throw runNotFound(run);
  call.requireOn("run:move", record.workflow, { seenBy: "run:read", missing: () => runNotFound(run) });
  fieldsOf((await call.body()).content, []);
  return answerRun(call, 200, { run: unwrap(await call.engine.moves.move({ by: call.actor, run })) });
}

export async function drainVersion(call: Call): Promise<Response> {
  call.query().done();
  const body = fieldsOf((await call.body()).content, ["workflow", "cursor"]);
  const version = call.param(0);
  const known = await call.engine.store.listVersions();
  if (!known.some((each) => each.version === version)) {
    throw new SluiceError({
      code: "version_not_found",
      message: "There is no such version of the code here.",
      hint: "GET /api/v1/versions lists them.",
    });
  }
  const workflows = intersectPatterns(call.patterns("run:read"), call.patterns("run:move"));
  const drained = await call.engine.moves.drain({
    by: call.actor,
    version,
    workflow: optionalTextOf(body, "workflow", nameCharsMax),
    cursor: optionalTextOf(body, "cursor", cursorCharsMax),
    access: workflows === undefined ? undefined : { workflows },
  });
  const { next = null, ...rest } = unwrap(drained);
  return reply("json", 200, { ...rest, nextCursor: next });
}
