// The settings that hold, and where each comes from.
import type { Call } from "../call.ts";
import { reply } from "../wire.ts";

export async function getSettings(call: Call): Promise<Response> {
  call.query().done();
  const { parts, engine } = call;
  const access = call.access("workflow:read");
  const kept = new Map(
    engine.deployments.workflows.map(({ manifest }) => [
      manifest.name,
      { ageMs: manifest.retention?.age, keep: manifest.retention?.count },
    ]),
  );
  for (const { workflow, ageMs, keep } of await parts.store.listRetentions({ access }))
    kept.set(workflow, { ageMs, keep });
  const retention = [...kept]
    .filter(([workflow]) => call.may("workflow:read", workflow))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([workflow, { ageMs, keep }]) => ({
      workflow,
      ageMs: ageMs ?? engine.limits.runRetentionMs,
      count: keep ?? null,
    }));
  const { settings, data } = (await parts.settings?.()) ?? { settings: [], data: "" };
  return reply("json", 200, {
    settings,
    retention,
    data,
    version: parts.version,
    authentication: parts.authentication,
  });
}
