// The settings of metrics: which targets are asked for their samples.
import { parseDuration, SluiceError } from "@sluice/protocol";

export interface ScrapeTarget {
  readonly job: string;
  readonly url: string;
  readonly everyMs: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Of each request, such as `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Everything under `metrics` that stands in sluice.config.ts alone. Each is read whole. */
export const metricKeys: readonly string[] = ["metrics.scrape"];

const everyDefault = "15s";
const everyMsMin = 1_000;
const members = ["job", "url", "every", "labels", "headers"];

function wrong(at: number | undefined, what: string): SluiceError {
  return new SluiceError({
    code: "invalid_config",
    message: `metrics.scrape${at === undefined ? "" : `[${at}]`} in sluice.config.ts must be ${what}.`,
    hint: "docs/metrics.md says what targets are made of.",
  });
}

/** The targets that hold. Throws `invalid_config`. */
export function scrapeTargets(value: unknown): readonly ScrapeTarget[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrong(undefined, "a list of targets");
  return (value as unknown[]).map(targetIn);
}

function targetIn(value: unknown, at: number): ScrapeTarget {
  if (typeof value !== "object" || value === null) throw wrong(at, "an object with job and url");
  const { job, url, every = everyDefault, labels = {}, headers = {} } = value as Readonly<Record<string, unknown>>;
  if (Object.keys(value).some((name) => !members.includes(name))) throw wrong(at, `made of ${members.join(", ")}`);
  if (typeof job !== "string" || job === "") throw wrong(at, "of a job, which is a text");
  if (typeof url !== "string" || !/^https?:\/\/[^\s]+$/.test(url) || !URL.canParse(url))
    throw wrong(at, "of a url that begins with http:// or https://");
  if (!isTexts(labels) || !isTexts(headers)) throw wrong(at, "of labels and headers that are texts");
  if (Object.keys(labels).some((name) => !/^[a-zA-Z_]\w*$/.test(name))) throw wrong(at, "of labels with names");
  return { job, url, everyMs: everyMs(every, at), labels, headers };
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === "object" && value !== null && Object.values(value).every((each) => typeof each === "string");
}

function everyMs(value: unknown, at: number): number {
  let ms = 0;
  try {
    ms = parseDuration(value as string);
  } catch {
    // It is refused below.
  }
  if (ms < everyMsMin) throw wrong(at, "of every, a duration from 1s on");
  return ms;
}
