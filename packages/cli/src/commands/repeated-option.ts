// Options that may be given several times.

/** An option that may be repeated, for commander. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
