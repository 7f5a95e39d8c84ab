// Refuses polls, event triggers and file triggers that make no sense, where they are written.
import { parseDuration } from "@sluice/protocol";
import { refuse } from "./refusal.ts";
import { isStandardSchema } from "./standard-schema.ts";
import type { DebounceOptions, EventTrigger, FileChange, FileTrigger, PollTrigger } from "./watching.ts";

/** Shorter pauses would be a loop. */
const pollEveryMsMin = 1_000;
const nameCharsMax = 128;
const changes: readonly string[] = ["created", "changed", "deleted"] satisfies FileChange[];

function checkName(of: string, name: unknown): void {
  if (typeof name !== "string" || name.length === 0 || name.length > nameCharsMax)
    refuse(of, "name", `text of 1 to ${nameCharsMax} characters`);
}

function checkFunction(of: string, field: string, value: unknown): void {
  if (value !== undefined && typeof value !== "function") refuse(of, field, "a function");
}

/** Throws `invalid_workflow` or `invalid_duration`. */
export function checkPoll({ name, options }: PollTrigger): void {
  checkName("A poll", name);
  const of = `The poll ${name}`;
  if (typeof options !== "object" || options === null) refuse(of, "options", '{ every: "1m", fetch }');
  if (typeof options.fetch !== "function") refuse(of, "fetch", "a function that returns items");
  if (parseDuration(options.every) < pollEveryMsMin) refuse(of, "every", "a duration of at least a second");
  checkFunction(of, "id", options.id);
  checkFunction(of, "input", options.input);
  if (options.timeout !== undefined && parseDuration(options.timeout) === 0) refuse(of, "timeout", "more than nothing");
  if (options.backoffMax !== undefined) parseDuration(options.backoffMax);
}

export function checkEvent({ event, name, options }: EventTrigger): void {
  if (typeof event !== "string" || event === "") refuse("An event trigger", "event", 'a name such as "order.paid"');
  const of = `The event trigger ${event}`;
  checkName(of, name);
  if (options.schema !== undefined && !isStandardSchema(options.schema)) refuse(of, "schema", "a Standard Schema");
  if (options.key !== undefined && typeof options.key !== "string") refuse(of, "key", "text");
  checkFunction(of, "condition", options.condition);
  checkFunction(of, "input", options.input);
}

export function checkFiles({ pattern, name, options }: FileTrigger): void {
  if (typeof pattern !== "string" || pattern === "") refuse("A file trigger", "pattern", 'text such as "inbox/*.csv"');
  const of = `The file trigger ${pattern}`;
  checkName(of, name);
  if (options.folder !== undefined && typeof options.folder !== "string") refuse(of, "folder", "a path");
  const given: unknown = options.changes;
  if (
    given !== undefined &&
    !(Array.isArray(given) && given.length > 0 && given.every((each: unknown) => changes.includes(String(each))))
  )
    refuse(of, "changes", `a list of ${changes.join(", ")}`);
  if (options.settle !== undefined) parseDuration(options.settle);
}

export function checkDebounce(of: string, debounce: DebounceOptions | undefined): void {
  if (debounce === undefined) return;
  if (parseDuration(debounce.wait) === 0) refuse(of, "debounce.wait", "more than nothing");
  if (debounce.maxWait !== undefined && parseDuration(debounce.maxWait) < parseDuration(debounce.wait))
    refuse(of, "debounce.maxWait", "at least as long as wait");
  if (debounce.key !== undefined && (typeof debounce.key !== "string" || debounce.key === ""))
    refuse(of, "debounce.key", 'a path such as "customer.id"');
}
