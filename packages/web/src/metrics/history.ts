// What a page has seen of figures while it was open, to draw how they went.

export interface Sample {
  readonly at: number;
  readonly values: Readonly<Record<string, number>>;
}

/** Samples kept: ten minutes at one every five seconds. */
export const samplesMax = 120;

/** Adds a sample; one of the same moment replaces it. A counter that fell has begun anew: the server was restarted. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  const kept = last !== undefined && last.at >= sample.at ? samples.slice(0, -1) : samples;
  return [...kept, sample].slice(-samplesMax);
}

/** By how much a counter grew a second, between each two samples; null across a restart. */
export function ratesOf(samples: readonly Sample[], name: string): readonly (number | null)[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index];
    if (before === undefined) return null;
    const grown = (sample.values[name] ?? 0) - (before.values[name] ?? 0);
    const seconds = (sample.at - before.at) / 1_000;
    return grown < 0 || seconds <= 0 ? null : grown / seconds;
  });
}
