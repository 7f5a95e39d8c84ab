// Search attributes at the edge of the engine: what a start gives and a filter asks for, held against what workflows declare.
import { attributeValue, conditionValue, parseCondition } from "@sluice/protocol";
import type { AttributeType, RunAttribute, WorkflowManifest } from "@sluice/protocol";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { AttributeFilter, NewRun, RunFilter } from "../kernel/run-records.ts";
import type { Deployments } from "./deployments.ts";

type Given = Readonly<Record<string, unknown>> | undefined;

/** The attributes of a start as they are stored; what is wrong with the first that does not fit. */
export function checkAttributes(manifest: WorkflowManifest, given: Given): Result<readonly RunAttribute[]> {
  const attributes: RunAttribute[] = [];
  for (const [name, each] of Object.entries(given ?? {})) {
    const type = typeIn(manifest, name);
    const value = type === undefined ? undefined : attributeValue(type, each);
    if (type === undefined || value === undefined) {
      const declared = Object.entries(manifest.attributes ?? {}).map(([known, kind]) => `${known} (${kind})`);
      return fail({
        code: "bad_request",
        message: `${JSON.stringify(name)} is no attribute of ${manifest.name}, or its value is none of its type.`,
        hint: declared.length === 0 ? "The workflow declares none." : `Declared: ${declared.join(", ")}.`,
      });
    }
    attributes.push({ name, type, value });
  }
  return ok(attributes.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
}

/** The same for a new run, of attributes that have been checked. */
export function attributesOf(manifest: WorkflowManifest, given: Given): Pick<NewRun, "attributes"> {
  const checked = checkAttributes(manifest, given);
  return checked.ok && checked.value.length > 0 ? { attributes: checked.value } : {};
}

function typeIn(manifest: WorkflowManifest, name: string): AttributeType | undefined {
  const { attributes } = manifest;
  return attributes !== undefined && Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}

/** Conditions such as `total>=100` by the types that the deployed workflows declare; all declare one name with one type. */
function readConditions(
  texts: readonly string[],
  workflows: readonly WorkflowManifest[],
): Result<readonly AttributeFilter[]> {
  const filters: AttributeFilter[] = [];
  for (const text of texts) {
    const condition = parseCondition(text);
    const manifest = workflows.find((each) => condition !== undefined && typeIn(each, condition.name) !== undefined);
    const type = manifest === undefined || condition === undefined ? undefined : typeIn(manifest, condition.name);
    if (condition === undefined) return unreadable(text, "Write it as total>=100, with =, !=, <, <=, >, >= or ~.");
    if (type === undefined) return unreadable(text, `No deployed workflow declares the attribute ${condition.name}.`);
    const value = conditionValue(type, condition);
    if (value === undefined) return unreadable(text, `${condition.name} is a ${type}.`);
    filters.push({ name: condition.name, type, operator: condition.operator, value });
  }
  return ok(filters);
}

/** The filter of runs that these conditions ask for. */
export function attributeFilter(
  texts: readonly string[],
  deployments: Deployments,
): Result<Pick<RunFilter, "attributes">> {
  if (texts.length === 0) return ok({});
  const read = readConditions(
    texts,
    deployments.workflows.map(({ manifest }) => manifest),
  );
  return read.ok ? ok({ attributes: read.value }) : read;
}

function unreadable(text: string, hint: string): Result<never> {
  return fail({ code: "invalid_filter", message: `${JSON.stringify(text)} is no condition on an attribute.`, hint });
}
