// What an action changed: the two states of a row of the audit trail, laid side by side field by field.

export interface FieldChange {
  /** Names from the outside in. */
  readonly path: readonly string[];
  readonly kind: "added" | "removed" | "changed" | "same";
  /** As JSON; undefined where there is none. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Text that may be JSON. */
export function parsed(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Written by something else: shown as it is.
    return text;
  }
}

/** Fields of both states in the order in which they come; lists and plain values are compared whole. */
export function changesBetween(before: unknown, after: unknown, path: readonly string[] = []): readonly FieldChange[] {
  if ((isFields(before) && isFields(after)) || (path.length === 0 && (isFields(before) || isFields(after)))) {
    const one: Fields = isFields(before) ? before : {};
    const other: Fields = isFields(after) ? after : {};
    const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
    return names.flatMap((name) =>
      changesBetween(
        Object.hasOwn(one, name) ? one[name] : undefined,
        Object.hasOwn(other, name) ? other[name] : undefined,
        [...path, name],
      ),
    );
  }
  if (before === undefined && after === undefined) return [];
  const was = before === undefined ? undefined : JSON.stringify(before);
  const is = after === undefined ? undefined : JSON.stringify(after);
  const kind = was === undefined ? "added" : is === undefined ? "removed" : was === is ? "same" : "changed";
  return [{ path, kind, before: was, after: is }];
}
