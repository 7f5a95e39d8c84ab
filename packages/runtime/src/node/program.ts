// Finds a program before it is started: platforms tell too late, or each in its own way, that there is none.

import { accessSync, constants, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { failureOf, RuntimeFailure } from "../failure.ts";

interface Wanted {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly path: string | undefined;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false; // Not there, or not for us: the search goes on.
  }
}

/** The file of a command, by `PATH` unless it has a slash. Throws `not_found`, or `bad_argument` for what no program can be given. */
export function checkedProgram({ command, args, cwd = ".", path = "" }: Wanted): string {
  if (command === "" || [command, ...args].some((text) => text.includes("\0")))
    throw new RuntimeFailure("bad_argument", "a command is empty, or there is a NUL in it");
  checkFolder(cwd);
  const places = command.includes("/") ? [""] : path.split(":").filter((folder) => isAbsolute(folder));
  const files = places.map((folder) => (folder === "" ? resolve(cwd, command) : join(folder, command)));
  const found = files.find(isProgram);
  if (found !== undefined) return found;
  throw new RuntimeFailure("not_found", `there is no program ${command}${command.includes("/") ? "" : " in PATH"}`);
}

function checkFolder(cwd: string): void {
  try {
    if (!statSync(cwd).isDirectory()) throw new RuntimeFailure("not_a_folder", `${cwd} is no folder`);
  } catch (error) {
    throw failureOf(error, `working in ${cwd}`);
  }
}
