// Which runs are meant: the filter of a list as query parameters, that of a bulk operation as an object.
import { attributeFilter, unwrap } from "@sluice/core";
import type { RunFilter } from "@sluice/core";
import { runStatuses, runStatusReasons } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { fieldsOf, optionalTextOf, optionalTextsOf, optionalTimeOf, quoted, refuse } from "../fields.ts";
import type { Query } from "../query.ts";

const nameCharsMax = 512;
const conditionsMax = 32;

export function filterOf(call: Call, query: Query): RunFilter {
  return {
    ...unwrap(attributeFilter(query.conditions("attr"), call.engine.deployments)),
    workflow: query.text("workflow"),
    status: query.listOf("status", runStatuses),
    reason: query.listOf("reason", runStatusReasons),
    tag: query.text("tag"),
    from: query.time("from"),
    to: query.time("to"),
    endedFrom: query.time("endedFrom"),
    parent: query.text("parent"),
    version: query.text("version"),
    chain: query.text("chain"),
  };
}

const filterFields = [
  "workflow",
  "status",
  "reason",
  "tag",
  "from",
  "to",
  "endedFrom",
  "parent",
  "version",
  "chain",
  "attributes",
];

/**
 * The filter of a bulk operation: the query parameters of a list, as an object. A member that is null or an empty list is
 * refused: it would match everything where a program meant nothing.
 */
export function filterOfBody(call: Call, value: unknown): RunFilter {
  if (value === undefined) refuse("bad_request", "filter is missing.", "Send a filter; {} matches every run.");
  const body = fieldsOf(value, filterFields);
  const listed = (key: string): unknown => (typeof body[key] === "string" ? [body[key]] : body[key]);
  const lists = { status: listed("status"), reason: listed("reason") };
  for (const [key, member] of Object.entries({ ...body, ...lists })) {
    if (member === null || (Array.isArray(member) && member.length === 0)) {
      refuse("invalid_filter", `${key} of the filter is empty.`, "Leave it out to match every run.");
    }
  }
  const conditions = optionalTextsOf(body, "attributes", { items: conditionsMax, chars: nameCharsMax }) ?? [];
  return {
    ...unwrap(attributeFilter(conditions, call.engine.deployments)),
    workflow: optionalTextOf(body, "workflow", nameCharsMax),
    status: optionalTextsOf(lists, "status", listMax(runStatuses))?.map((each) =>
      memberOf("status", each, runStatuses),
    ),
    reason: optionalTextsOf(lists, "reason", listMax(runStatusReasons))?.map((each) =>
      memberOf("reason", each, runStatusReasons),
    ),
    tag: optionalTextOf(body, "tag", nameCharsMax),
    from: optionalTimeOf(body, "from"),
    to: optionalTimeOf(body, "to"),
    endedFrom: optionalTimeOf(body, "endedFrom"),
    parent: optionalTextOf(body, "parent", nameCharsMax),
    version: optionalTextOf(body, "version", nameCharsMax),
    chain: optionalTextOf(body, "chain", nameCharsMax),
  };
}

function listMax(set: readonly string[]): { readonly items: number; readonly chars: number } {
  return { items: set.length, chars: 64 };
}

function memberOf<T extends string>(key: string, text: string, set: readonly T[]): T {
  const found = set.find((each) => each === text);
  return found ?? refuse("invalid_filter", `There is no ${key} ${quoted(text)}.`, `Known are ${set.join(", ")}.`);
}

/** Search attributes by name; what they mean is for the workflow to say. */
export function attributesOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object" || Array.isArray(value))
    refuse("bad_request", "attributes is not an object.", "Send an object with the attributes by name.");
  return value as Readonly<Record<string, unknown>>;
}
