// Builds: begun, looked at, followed and ended early.
import { unwrap } from "@sluice/core";
import type { BuildRecord } from "@sluice/core";
import { digestsOf } from "@sluice/core/workers";
import { buildStatuses, decodeValue, SluiceError, valueToJson } from "@sluice/protocol";
import type { BuildStatus } from "@sluice/protocol";
import { parseBuildOptions } from "@sluice/protocol/worker-messages";
import { BuildFeed } from "../build-feed.ts";
import type { Call } from "../call.ts";
import { fieldsOf, quoted, refuse, textOf } from "../fields.ts";
import { reply } from "../wire.ts";
import { blobsOf, scopeOf } from "./blobs.ts";
import { follow } from "./run-updates.ts";
import { limitOf } from "./runs.ts";
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
  const limit = limitOf(call, query);
  const cursor = query.text("cursor");
  query.done();
  if (cursor !== undefined && !idPattern.test(cursor)) {
    refuse("invalid_filter", "The cursor is not one of this list.", "Pass nextCursor of the page before.");
  }
  if (status !== undefined && !isStatus(status)) {
    refuse("invalid_filter", `There is no status ${quoted(status)}.`, `Known are ${buildStatuses.join(", ")}.`);
  }
  const page = await call.parts.store.builds.listBuilds({ status, limit, cursor });
  return reply("json", 200, { builds: page.builds.map(shownBuild), nextCursor: page.next ?? null });
}

export async function getBuild(call: Call): Promise<Response> {
  call.query().done();
  return reply("json", 200, { build: shownBuild(await buildOf(call)) });
}

/** A build is one task as long as nothing divides it. */
export async function listBuildTasks(call: Call): Promise<Response> {
  call.query().done();
  const { id, target, status, worker, epoch } = await buildOf(call);
  return reply("json", 200, { tasks: [{ id, target, status, worker: worker ?? null, epoch }] });
}

export async function watchBuild(call: Call): Promise<Response> {
  return follow(call, async () => {
    const { id } = await buildOf(call);
    const { builds } = await fleetOf(call);
    return (p) => new BuildFeed(call.parts, { ...p, build: id, builds });
  });
}

export async function cancelBuild(call: Call): Promise<Response> {
  await bodyOf(call, []);
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

function shownBuild(build: BuildRecord): object {
  const { end } = build;
  const json = (bytes: Uint8Array | undefined): unknown =>
    bytes === undefined ? null : valueToJson(decodeValue(bytes));
  return {
    id: build.id,
    target: build.target,
    status: build.status,
    options: json(build.options),
    on: { capabilities: build.on.capabilities, labels: build.on.labels, runtime: build.on.runtime ?? null },
    worker: build.worker ?? null,
    epoch: build.epoch,
    cancelling: build.cancelling,
    createdAt: build.createdAt,
    startedAt: build.startedAt ?? null,
    endedAt: build.endedAt ?? null,
    done: build.done ?? null,
    total: build.total ?? null,
    message: build.message ?? null,
    exitCode: end?.exitCode ?? null,
    error: end?.error ?? null,
    output: json(end?.output),
    artifacts: end?.artifacts === undefined ? [] : json(end.artifacts),
    durationMs: end?.durationMs ?? null,
    outputBytes: build.outputBytes,
    outputBytesSeen: build.outputBytesSeen,
  };
}
