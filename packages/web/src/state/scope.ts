// What a scope of state is made of. Source of the form: docs/http.md.

const scopeKinds = ["global", "workflow", "run"] as const;
export type ScopeKind = (typeof scopeKinds)[number];

export interface Scope {
  readonly kind: ScopeKind;
  /** Of the workflow or the run; "" for what is everybody's, and as long as it is not chosen. */
  readonly name: string;
}

export function readScope(text: string | undefined): Scope {
  const at = text?.indexOf(":") ?? -1;
  const kind = scopeKinds.find((each) => each === text?.slice(0, at));
  return text === undefined || at < 0 || kind === undefined
    ? { kind: "global", name: "" }
    : { kind, name: text.slice(at + 1) };
}

/** As the API takes it; undefined while it is not whole. */
export function writeScope({ kind, name }: Scope): string | undefined {
  if (kind === "global") return kind;
  return name === "" ? undefined : `${kind}:${name}`;
}
