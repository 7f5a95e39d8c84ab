// Builds of workspaces: begun by who carries them out, and what their tasks wrote.
import { schemas } from "@sluice/protocol/http-schemas";
import { SluiceError } from "@sluice/protocol";
import type { RunRecord } from "@sluice/core";
import { buildWorkflow } from "../builds/build-names.ts";
import { beginServedBuild, servedLog } from "../builds/served-builds.ts";
import type { ServedInput } from "../builds/served-builds.ts";
import type { Call } from "../call.ts";
import { refuse } from "../fields.ts";
import { reply } from "../wire.ts";
import { fleetOf } from "./workers.ts";

export async function beginBuild(call: Call): Promise<Response> {
  call.query().done();
  const { content } = await call.body();
  const parsed = schemas.BeginBuild.safeParse(content);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(
      "bad_request",
      `${issue?.path.join(".") ?? "The body"}: ${issue?.message ?? "is not what it should be"}.`,
      "It is what `sluice build` sends.",
    );
  }
  const { settled, ...rest } = parsed.data;
  const input: ServedInput = { ...rest, ...(settled === undefined || settled === null ? {} : { settled }) };
  const { workers } = await fleetOf(call);
  const connected = new Set(workers.map(({ id }) => id));
  const isConnected = (worker: string): boolean => connected.has(worker);
  const desk = { engine: call.engine, by: call.actor, isConnected, now: call.parts.clock.now() };
  return reply("json", 201, await beginServedBuild(desk, input));
}

export async function getBuildTaskLog(call: Call): Promise<Response> {
  call.query().done();
  const { id } = await servedBuild(call, call.param(0));
  return reply("json", 200, await servedLog(call.engine, id, call.param(1)));
}

/** The run of a build of a workspace. Throws `build_not_found`. */
export async function servedBuild(call: Call, id: string): Promise<RunRecord> {
  const run = await call.engine.store.getRun({ run: id });
  if (run?.workflow === buildWorkflow) return run;
  throw new SluiceError({
    code: "build_not_found",
    message: `There is no build ${JSON.stringify(id.slice(0, 80))}.`,
    hint: "GET /api/v1/builds lists them.",
  });
}
