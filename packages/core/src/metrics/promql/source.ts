// What PromQL asks of whoever keeps samples, and how series are chosen.
import { RE2JS } from "re2js";
import type { MetricLabels, MetricSeries } from "../sample.ts";

export interface Matcher {
  readonly name: string;
  readonly op: "=" | "!=" | "=~" | "!~";
  readonly value: string;
}

/** Milliseconds since 1970, both ends included. */
export interface SeriesSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface SampleSource {
  select(matchers: readonly Matcher[], span: SeriesSpan): readonly MetricSeries[];
}

/** Whether all of them fit; a label that is not there is empty. Throws for what RE2 does not take. */
export function compileMatchers(matchers: readonly Matcher[]): (labels: MetricLabels) => boolean {
  const tests = matchers.map(({ name, op, value }) => {
    const test = op === "=" || op === "!=" ? (text: string) => text === value : wholeText(value);
    const wanted = op === "=" || op === "=~";
    return (labels: MetricLabels): boolean => test(Object.hasOwn(labels, name) ? (labels[name] ?? "") : "") === wanted;
  });
  return (labels) => tests.every((test) => test(labels));
}

/** A regular expression of RE2 that has to fit the whole text. */
function wholeText(pattern: string): (text: string) => boolean {
  const compiled = RE2JS.compile(`^(?:${pattern})$`, RE2JS.DOTALL);
  return (text) => compiled.matcher(text).find();
}
