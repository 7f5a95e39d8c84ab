// Inputs are checked by the schemas of the code, before there is a run: what a worker answers when it is asked.
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { EngineToWorker, WorkerToEngine } from "@sluice/protocol";
import { validateWithSchema } from "@sluice/sdk";
import type { StandardSchemaV1 } from "@sluice/sdk";

type Asked = Extract<EngineToWorker, { type: "validate" }>;
type Verdict = Extract<WorkerToEngine, { type: "validated" }>;

/** The input as the schema makes it, or what is wrong with it; without a schema the input as it is. */
export async function validateInput(schema: StandardSchemaV1 | undefined, { request, input }: Asked): Promise<Verdict> {
  if (schema === undefined) return { type: "validated", request, input };
  try {
    const checked = await validateWithSchema(schema, decodeValue(input));
    if (checked.ok) return { type: "validated", request, input: encodeValue(checked.value) };
    return { type: "validated", request, issues: checked.issues };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { type: "validated", request, issues: [{ path: "", message: `the schema itself failed: ${text}` }] };
  }
}
