// What a worker child does around the worker: reads its setup, keeps the flight recorder, says why code cannot be loaded.
import { toErrorValue } from "@sluice/protocol";
import { childErrorCodes } from "./child-setup.ts";
import type { ChildSetup } from "./child-setup.ts";
import { RecorderWriter } from "./recorder.ts";

/** Reads one line of JSON. A supervisor that goes away before it wrote one ends this process. */
export async function readSetup(): Promise<ChildSetup> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of Bun.stdin.stream()) {
    text += decoder.decode(chunk, { stream: true });
    const end = text.indexOf("\n");
    if (end >= 0) return JSON.parse(text.slice(0, end)) as ChildSetup;
  }
  return process.exit(0);
}

/** The recorder in memory that is shared with a file: what is written to it survives this process. */
export function openRecorder(path: string): RecorderWriter {
  return new RecorderWriter(Bun.mmap(path, { shared: true }));
}

/** The error of code that cannot be loaded, with the place in the user's file where that is known. */
export function codeFailure(thrown: unknown, project: string): Readonly<Record<string, unknown>> {
  const { name, message, hint, code, stack } = toErrorValue(thrown);
  const text = name === "Error" || name === "SluiceError" ? message : `${name}: ${message}`;
  return { code: childErrorCodes.code, message: text, hint, reason: code, ...placeIn(stack ?? "", project) };
}

/** The first line of a stack trace that lies in the project, as `{file, line, column}`. */
function placeIn(stack: string, project: string): Readonly<Record<string, unknown>> {
  for (const match of stack.matchAll(/(?:\(|at )([^()\n]+):(\d+):(\d+)\)?/g)) {
    const [, path = "", line, column] = match;
    const inside = path.startsWith(`${project}/`) && !path.includes("/node_modules/");
    if (inside) return { file: path.slice(project.length + 1), line: Number(line), column: Number(column) };
  }
  return {};
}
