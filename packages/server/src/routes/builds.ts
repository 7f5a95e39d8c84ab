// Builds: begun, looked at, followed and ended early.
import { unwrap } from "@sluice/core";
import type { BuildRecord } from "@sluice/core";
import { digestsOf } from "@sluice/core/workers";
import { buildStatuses, SluiceError } from "@sluice/protocol";
import type { BuildStatus } from "@sluice/protocol";
import { parseBuildOptions } from "@sluice/protocol/worker-messages";
import { BuildFeed } from "../build-feed.ts";
import { RunFeed } from "../run-feed.ts";
import type { Call } from "../call.ts";
import { fieldsOf, quoted, refuse, textOf } from "../fields.ts";
import { reply } from "../wire.ts";
import { blobsOf, scopeOf } from "./blobs.ts";
import { follow } from "./run-updates.ts";
import { limitOf } from "./runs.ts";
import { servedTasks } from "../builds/served-builds.ts";
import { buildsPage, servedEnd, shownBuild, shownServed, shownServedTask, shownTask } from "./shown-builds.ts";
import { servedBuild } from "./workspace-builds.ts";
import { bodyOf } from "./sign-in.ts";
import { fleetOf } from "./workers.ts";

/** What ids of builds look like. */
const idPattern = /^bld_[0-9a-z]+$/;
const targetCharsMax = 512;
/** Digests that a refusal names. */
const missingShownMax = 100;
const namesMax = 64;
const optionNames = ["command", "cwd", "env", "inputs", "outputs", "timeout_ms"];

export async function startBuild(call: Call): Promise<Response> {
  call.query().done();
  const body = await bodyOf(call, ["target", "options", "on"]);
  const target = textOf(body, "target", targetCharsMax);
  const options = parseBuildOptions(fieldsOf(body["options"] ?? {}, optionNames));
  if (!options.ok) refuse("bad_request", `options: ${options.message}.`, "They are those of BUILD_REQUEST.");
  const fleet = await fleetOf(call);
  const on = placementOf(body["on"]);
  await requireInputs(call, digestsOf(options.value.inputs));
  const build = unwrap(await fleet.builds.create({ by: call.actor, target, options: options.value, on }));
  const response = reply("json", 201, { build: shownBuild(build) });
  response.headers.set("location", `/api/v1/builds/${build.id}`);
  return response;
}

/** To know a digest is no right to what it stands for: a worker would hand its bytes on. Throws `blob_not_found`. */
async function requireInputs(call: Call, digests: readonly string[]): Promise<void> {
  if (digests.length === 0) return;
  const blobs = await blobsOf(call);
  const missing = await blobs.missing(scopeOf(call, "blob:read"), digests);
  if (missing.length === 0) return;
  throw new SluiceError({
    code: "blob_not_found",
    message: `${missing.length} of the inputs are not in your cache scope or in main.`,
    hint: "PUT them first: POST /api/v1/blobs/missing says which.",
    details: { missing: missing.slice(0, missingShownMax) },
  });
}

export async function listBuilds(call: Call): Promise<Response> {
  const query = call.query();
  const status = query.text("status");
  const kind = query.text("kind");
  const limit = limitOf(call, query);
  const cursor = query.text("cursor");
  query.done();
  if (status !== undefined && !isStatus(status)) {
    refuse("invalid_filter", `There is no status ${quoted(status)}.`, `Known are ${buildStatuses.join(", ")}.`);
  }
  if (kind !== undefined && kind !== "command" && kind !== "workspace")
    refuse("invalid_filter", `There is no kind ${quoted(kind)}.`, "Known are command and workspace.");
  return reply("json", 200, await buildsPage(call, { status, kind, limit, cursor }));
}

export async function getBuild(call: Call): Promise<Response> {
  const query = call.query();
  const waitMs = query.duration("wait", call.parts.limits.waitMsMax);
  query.done();
  if (!isServed(call)) return reply("json", 200, { build: shownBuild(await buildOf(call)) });
  const { id } = await servedBuild(call, call.param(0));
  if (waitMs !== undefined) await servedEnd(call, id, waitMs);
  return reply("json", 200, { build: await shownServed(call.engine, await servedBuild(call, id)) });
}

/** A build that a worker executes is one task. */
export async function listBuildTasks(call: Call): Promise<Response> {
  call.query().done();
  if (!isServed(call)) return reply("json", 200, { tasks: [shownTask(await buildOf(call))] });
  const run = await servedBuild(call, call.param(0));
  const tasks = await servedTasks(call.engine, run);
  return reply("json", 200, { tasks: tasks.map((task) => shownServedTask(task, run)) });
}

/** Runs have ids of their own kind. */
function isServed(call: Call): boolean {
  return !idPattern.test(call.param(0)) && call.param(0).startsWith("run_");
}

export async function watchBuild(call: Call): Promise<Response> {
  if (isServed(call))
    return follow(call, async () => {
      const { id: run } = await servedBuild(call, call.param(0));
      return (p) => new RunFeed(call.parts, { ...p, run });
    });
  return follow(call, async () => {
    const { id } = await buildOf(call);
    const { builds } = await fleetOf(call);
    return (p) => new BuildFeed(call.parts, { ...p, build: id, builds });
  });
}

export async function cancelBuild(call: Call): Promise<Response> {
  await bodyOf(call, []);
  if (isServed(call)) {
    const { id } = await servedBuild(call, call.param(0));
    const run = unwrap(await call.engine.operations.cancel({ by: call.actor, run: id }));
    return reply("json", 200, { build: await shownServed(call.engine, run) });
  }
  const fleet = await fleetOf(call);
  const build = unwrap(await fleet.builds.cancel({ by: call.actor, build: call.param(0) }));
  return reply("json", 200, { build: shownBuild(build) });
}

async function buildOf(call: Call): Promise<BuildRecord> {
  const fleet = await fleetOf(call);
  return unwrap(await fleet.builds.get(call.param(0)));
}

function isStatus(text: string): text is BuildStatus {
  return (buildStatuses as readonly string[]).includes(text);
}

function placementOf(value: unknown): BuildRecord["on"] {
  const on = fieldsOf(value ?? {}, ["capabilities", "labels", "runtime"]);
  const runtime = on["runtime"] ?? undefined;
  return {
    capabilities: namesOf(on, "capabilities"),
    labels: namesOf(on, "labels"),
    ...(runtime === undefined ? {} : { runtime: textOf(on, "runtime", targetCharsMax) }),
  };
}

function namesOf(on: Readonly<Record<string, unknown>>, key: string): readonly string[] {
  const value = on[key] ?? [];
  const fits =
    Array.isArray(value) &&
    value.length <= namesMax &&
    value.every((item) => typeof item === "string" && item.length > 0 && item.length <= targetCharsMax);
  if (!fits) refuse("bad_request", `on.${key} is not a list of names.`, `At most ${namesMax} texts.`);
  return value as string[];
}
