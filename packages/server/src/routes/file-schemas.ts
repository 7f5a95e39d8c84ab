// JSON Schemas of the files that people write, for editors that check and complete them.
import { SluiceError } from "@sluice/protocol";
import { jsonSchemas } from "@sluice/protocol/http-schemas";
import type { Call } from "../call.ts";
import { quoted } from "../fields.ts";
import { reply } from "../wire.ts";

/** By the name in their URL. */
const files = { component: "ComponentFile", "failover-plan": "FailoverPlanFile" } as const;

export function listFileSchemas(call: Call): Response {
  call.query().done();
  return reply("json", 200, { schemas: Object.keys(files).map((name) => ({ name, url: `/api/schemas/${name}` })) });
}

export function getFileSchema(call: Call): Response {
  call.query().done();
  const name = call.param(0);
  const found = Object.entries(files).find(([each]) => each === name)?.[1];
  if (found === undefined) {
    const hint = `There are ${Object.keys(files).join(" and ")}.`;
    throw new SluiceError({ code: "not_found", message: `There is no schema ${quoted(name)}.`, hint });
  }
  const schema = jsonSchemas()[found] as object;
  return reply("json", 200, { $schema: "https://json-schema.org/draft/2020-12/schema", ...schema });
}
