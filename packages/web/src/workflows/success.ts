// How much of what ended went well. Pure.

/** Part of the runs that ended well or badly which completed; undefined where none ended. */
export function successOf(day: { readonly completed: number; readonly failed: number }): number | undefined {
  const ended = day.completed + day.failed;
  return ended === 0 ? undefined : day.completed / ended;
}

/** As `99.4%`; never rounded up to all. */
export function percent(part: number): string {
  return part === 1 ? "100%" : `${(Math.floor(part * 1_000) / 10).toFixed(1)}%`;
}
