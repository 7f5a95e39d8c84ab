// What every field of a form made from a JSON Schema is given, and the words around it.
import { visibleText } from "../ui/visible-text.ts";
import type { Json } from "./json-value.ts";
import type { FormNode, Schema } from "./schema-form.ts";

/** What the server said about a place of the input. */
export interface InputIssue {
  /** JSON Pointer. */
  readonly path: string;
  readonly message: string;
}

export interface SchemaFieldProps {
  readonly schema: Json | undefined;
  readonly root: Schema;
  /** JSON Pointer. */
  readonly path: string;
  readonly label: string;
  readonly required: boolean;
  readonly value: Json | undefined;
  readonly onChange: (value: Json | undefined) => void;
  readonly issues: readonly InputIssue[];
  /** Without a frame of its own: what is around it has one. */
  readonly bare?: boolean | undefined;
}

/** Messages at this place; `within`: of everything inside too. */
export function issuesAt(p: Pick<SchemaFieldProps, "issues" | "path">, within = false): string | undefined {
  const found = p.issues.filter(({ path }) => path === p.path || (within && path.startsWith(`${p.path}/`)));
  return found.length === 0 ? undefined : found.map(({ message }) => visibleText(message)).join(" ");
}

/** The label with what goes with it: that it is needed, or that it may be left out. */
export function labelOf(p: { label: string; node: FormNode; required: boolean }): string {
  const title = visibleText(p.node.title ?? p.label);
  return p.required ? title : `${title} (optional)`;
}
