// Figures by hour as a chart shows them. Pure.
import type { Answer } from "../api.ts";

export type Hour = Answer<"overview">["hours"][number];

/** What is stacked in a bar, from the bottom up. */
export const parts = ["completed", "failed", "cancelled"] as const;
export type Part = (typeof parts)[number];

/** The end of an axis above `most`, in steps that read well: its lines are at 0, half and the end. */
export function axisEnd(most: number): number {
  if (most <= 2) return 2;
  const power = 10 ** Math.floor(Math.log10(most));
  for (const step of [1, 2, 4, 6, 8, 10]) if (most <= step * power) return step * power;
  return 10 * power;
}

/** The tallest bar there is. */
export function mostOf(hours: readonly Hour[]): number {
  return hours.reduce((most, hour) => Math.max(most, hour.started, hour.completed + hour.failed + hour.cancelled), 0);
}

/** An hour in words, for those who do not see its bar. */
export function hourWords(hour: Hour, clock: (at: number) => string): string {
  const counts = [
    `${hour.started} started`,
    `${hour.completed} completed`,
    `${hour.failed} failed`,
    ...(hour.cancelled > 0 ? [`${hour.cancelled} cancelled`] : []),
  ];
  return `${clock(hour.at)}: ${counts.join(", ")}`;
}
