// Values given on the command line: JSON as it stands, `@file`, or `-` for standard input.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { misused } from "./io.ts";
import type { Io } from "./io.ts";

/** The value; undefined when none was given. */
export async function readInput(io: Io, text: string | undefined, flag: string): Promise<unknown> {
  if (text === undefined) return undefined;
  const json = text === "-" ? await io.readStdin() : text.startsWith("@") ? readFile(io, text.slice(1), flag) : text;
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw misused(
      `${flag} is not JSON: ${why}`,
      `Text needs its quotes too: ${flag} '"text"'. Or name a file: ${flag} @input.json`,
    );
  }
}

function readFile(io: Io, path: string, flag: string): string {
  try {
    return readFileSync(resolve(io.cwd, path), "utf8");
  } catch {
    throw misused(`${flag} names the file ${path}, which cannot be read.`);
  }
}

/** A whole number that is not negative. */
export function wholeNumber(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^-?\d{1,15}$/.test(text)) throw misused(`${flag} takes a whole number, not ${text}.`);
  return Number(text);
}
