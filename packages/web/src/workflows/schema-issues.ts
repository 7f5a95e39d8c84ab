// What the server said about the fields of a form, as long as they are what was sent.
import { isObject } from "./json-value.ts";
import type { Json } from "./json-value.ts";
import type { InputIssue } from "./schema-props.ts";

/** Places that the server named in its refusal. */
export function issuesIn(error: { readonly details?: unknown } | null | undefined): readonly InputIssue[] {
  if (!Array.isArray(error?.details)) return [];
  return (error.details as readonly unknown[]).filter(
    (each): each is InputIssue =>
      isObject(each) && typeof each["path"] === "string" && typeof each["message"] === "string",
  );
}

/** What was said holds for what was sent: a field that has changed since is no longer wrong. */
export function issuesThatHold(
  issues: readonly InputIssue[],
  value: Json | undefined,
  sent: unknown,
): readonly InputIssue[] {
  return issues.filter(({ path }) => valueAt(value, path) === valueAt(sent, path));
}

/** The part of a value that a JSON Pointer names, as text to compare. */
function valueAt(value: unknown, path: string): string {
  let current: unknown = value;
  for (const step of path.split("/").slice(1)) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    current =
      typeof current === "object" && current !== null
        ? (current as Readonly<Record<string, unknown>>)[name]
        : undefined;
  }
  return JSON.stringify(current) ?? "";
}
