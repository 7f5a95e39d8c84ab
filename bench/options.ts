// What the options of every suite have in common.

import { parseArgs, type ParseArgsConfig } from "node:util";

type OptionsConfig = NonNullable<ParseArgsConfig["options"]>;

/** The suite was called wrongly; the message is a sentence for whoever called it. */
export class UsageError extends Error {}

/** The values of a suite's options. Throws `UsageError` for what is none of them. */
export function valuesOf<T extends OptionsConfig>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], strict: true, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** What stands between the commas. */
export function listOf(text: string | undefined): string[] {
  return (text ?? "").split(",").filter((name) => name !== "");
}

/** A whole number within a range; undefined when there is none. Throws `UsageError` otherwise. */
export function numberOf(
  option: string,
  text: string | undefined,
  range: { readonly min: number; readonly max: number },
): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number >= range.min && number <= range.max) return number;
  throw new UsageError(`${option} takes a whole number from ${range.min} to ${range.max}, not ${text}`);
}
