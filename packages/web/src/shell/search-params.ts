// The part of a URL after `?` as typed values: filters, tabs, what is selected. Plain words in the URL
// (`?status=failed&status=timedout&tab=steps`), what does not fit is dropped, and defaults are left out.

type Raw = Readonly<Record<string, unknown>>;

/** One parameter: reads it from the URL or from what a link gives; undefined is not written. */
export type Param<Value> = (raw: unknown) => Value | undefined;

function first(raw: unknown): string | undefined {
  const value: unknown = Array.isArray(raw) ? raw[0] : raw;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

export const param = {
  /** Any text that is not empty. */
  text: (): Param<string> => (raw) => first(raw) || undefined,
  /** One of a closed set. */
  oneOf:
    <const Name extends string>(names: readonly Name[]): Param<Name> =>
    (raw) =>
      names.find((name) => name === first(raw)),
  /** Several of a closed set, in the order of the set. */
  someOf:
    <const Name extends string>(names: readonly Name[]): Param<readonly Name[]> =>
    (raw) => {
      const given: ReadonlySet<unknown> = new Set(Array.isArray(raw) ? raw : [raw]);
      const chosen = names.filter((name) => given.has(name));
      return chosen.length === 0 ? undefined : chosen;
    },
  /** A whole number. */
  int: (): Param<number> => (raw) => {
    const value = Number(first(raw) ?? Number.NaN);
    return Number.isSafeInteger(value) ? value : undefined;
  },
  /** `true` or absent. */
  flag: (): Param<true> => (raw) => (first(raw) === "true" ? true : undefined),
};

type Read<Params extends Readonly<Record<string, Param<unknown>>>> = {
  readonly [Name in keyof Params]?: ReturnType<Params[Name]>;
};

/** For `validateSearch` of a route: `searchParams({ tab: param.oneOf(tabs), q: param.text() })`. */
export function searchParams<const Params extends Readonly<Record<string, Param<unknown>>>>(
  params: Params,
): (raw: Raw) => Read<Params> {
  return (raw) => {
    const read = Object.entries(params).map(([name, param_]) => [name, param_(raw[name])] as const);
    return Object.fromEntries(read.filter(([, value]) => value !== undefined)) as Read<Params>;
  };
}

/** For the router: what `?…` says, repeated names as a list. */
export function parseSearch(text: string): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const known = found[name];
    found[name] = known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value];
  }
  return found;
}

/** For the router: the other way round. */
export function stringifySearch(search: Raw): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const each of (Array.isArray(value) ? value : [value]) as readonly unknown[]) {
      const text = first(each);
      if (text !== undefined && text !== "") params.append(name, text);
    }
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}
