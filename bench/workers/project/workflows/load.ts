// What is measured from inside of a run: the time of one task after the other, and of many at once.
import { workflow } from "sluice";

export const trips = workflow({ name: "trips" }, async (ctx, p: { label: string; warmup: number; count: number }) => {
  const timesMs: number[] = [];
  for (let trip = 0; trip < p.warmup + p.count; trip++) {
    const startedMs = performance.now();
    await ctx.task("noop", null, { on: { labels: [p.label] } });
    if (trip >= p.warmup) timesMs.push(performance.now() - startedMs);
  }
  return timesMs;
});

export const flood = workflow({ name: "flood" }, async (ctx, p: { count: number; inFlight: number }) => {
  const startedMs = performance.now();
  await ctx.map(
    Array.from({ length: p.count }, (_, n) => n),
    (n) => ctx.task("noop", n),
    { concurrency: p.inFlight },
  );
  return p.count / ((performance.now() - startedMs) / 1_000);
});
