// Reads the file that declares a component. What is wrong with it is said with its line.
import { schemas } from "@sluice/protocol/http-schemas";
import { LineCounter, parseDocument } from "yaml";
import type { Document } from "yaml";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";

/** A component as its file declares it, with everything it leaves out filled in. */
export type ComponentSpec = (typeof schemas)["ComponentFile"]["_output"];

/** What of a zod schema is used. */
interface FileSchema<Output> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: Output }
    | {
        readonly success: false;
        readonly error: {
          readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
        };
      };
}

interface Problem {
  readonly line: number;
  readonly message: string;
}

/** Refuses with `invalid_component`, whose details have every problem with its line, from 1. */
export function parseComponent(file: string, text: string): Result<ComponentSpec> {
  return readFileOf(file, text, schemas.ComponentFile);
}

/** A file in YAML or JSON by its schema; refused as `invalid_component`. */
export function readFileOf<Output>(file: string, text: string, schema: FileSchema<Output>): Result<Output> {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const broken = document.errors.map(({ pos, message }) => ({
    line: counter.linePos(pos[0]).line,
    message: message.split("\n")[0] ?? "",
  }));
  if (broken.length > 0) return refusedFile(file, broken);
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (parsed.success) return ok(parsed.data);
  const problems = parsed.error.issues.map(({ path, message }) => {
    const keys = path.map((each) => (typeof each === "symbol" ? String(each) : each));
    return { line: lineOf(document, counter, keys), message: `${keys.join(".")}: ${message}`.replace(/^: /, "") };
  });
  return refusedFile(file, problems);
}

/** The line of what is at this path, or of the nearest thing around it. */
function lineOf(document: Document, counter: LineCounter, path: readonly (string | number)[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const range = (node as { range?: readonly number[] } | undefined | null)?.range;
    if (range?.[0] !== undefined) return counter.linePos(range[0]).line;
  }
  return 1;
}

/** Says each problem with its line. */
export function refusedFile(file: string, problems: readonly Problem[]): ReturnType<typeof fail> {
  const shown = problems.map(({ line, message }) => `line ${line}: ${message}`).join("; ");
  return fail({
    code: "invalid_component",
    message: `${file}: ${shown}`,
    hint: "docs/cluster.md has every field; the JSON Schema is ComponentFile at /api/openapi.json.",
    details: { file, problems },
  });
}
