// The window of time that a timeline shows: ticks, zooming and moving. Times are milliseconds since 1970.

export interface Window {
  readonly from: number;
  readonly to: number;
}

const steps = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
];
const dayMs = 86_400_000;
/** The closest one can look. */
export const windowMsMin = 2;

/** Round distances from the beginning of the whole, at most `max` of them within the window. */
export function ticksOf({ from, to }: Window, origin: number, max: number): readonly number[] {
  const least = (to - from) / Math.max(1, max);
  let step = steps.find((each) => each >= least);
  if (step === undefined) {
    step = dayMs;
    while (step < least) step *= 2;
  }
  const first = Math.ceil((from - origin) / step);
  const last = Math.floor((to - origin) / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => origin + (first + index) * step);
}

/** The window made smaller (`factor` below 1) or larger around a moment, within the bounds. */
export function zoomed(
  window: Window,
  p: { readonly factor: number; readonly at: number; readonly bounds: Window },
): Window {
  const whole = p.bounds.to - p.bounds.from;
  const width = Math.min(whole, Math.max(windowMsMin, (window.to - window.from) * p.factor));
  const share = (p.at - window.from) / Math.max(1, window.to - window.from);
  return within({ from: p.at - share * width, to: p.at - share * width + width }, p.bounds);
}

export function moved(window: Window, byMs: number, bounds: Window): Window {
  return within({ from: window.from + byMs, to: window.to + byMs }, bounds);
}

/** The same width inside of the bounds, or the bounds themselves where it is wider. */
function within({ from, to }: Window, bounds: Window): Window {
  const width = to - from;
  if (width >= bounds.to - bounds.from) return bounds;
  if (from < bounds.from) return { from: bounds.from, to: bounds.from + width };
  return to > bounds.to ? { from: bounds.to - width, to: bounds.to } : { from, to };
}

/** Where a moment is, in percent of the window's width; outside of it below 0 or above 100. */
export function percentAt(at: number, { from, to }: Window): number {
  return ((at - from) / Math.max(1, to - from)) * 100;
}
