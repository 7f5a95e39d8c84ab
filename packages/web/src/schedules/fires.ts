// All fires of a time: the API answers so many at once, and is asked again from where it stopped.
import type { Answer } from "../api.ts";
import type { Fire } from "./calendar.ts";

type Page = Answer<"listScheduleTimes">;

/** Answers read for one calendar; beyond that it says that there are more. */
export const pagesMax = 8;

/** `read` answers the first fires from a time on. Those of the last time of a page may not be all of it: they are read again. */
export async function readFires(
  from: number,
  read: (from: number) => Promise<Page>,
): Promise<{ readonly fires: readonly Fire[]; readonly more: boolean }> {
  const fires: Fire[] = [];
  let next = from;
  for (let pages = 0; pages < pagesMax; pages++) {
    const { times, more } = await read(next);
    const last = times.at(-1)?.at;
    const isLast = !more || last === undefined || last <= next;
    fires.push(...(isLast ? times : times.filter(({ at }) => at < last)));
    if (isLast) return { fires, more };
    next = last;
  }
  return { fires, more: true };
}
