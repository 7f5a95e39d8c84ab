// What the list of runs is narrowed to: as the URL has it, as the API wants it, and whether a run that has just changed
// belongs to it.
import { splitConditions } from "@sluice/protocol";
import type { LiveRun, RunStatus, RunStatusReason } from "@sluice/protocol";
import type { TimeSpan } from "./words.ts";

/** As in the URL. Times are milliseconds since 1970; `within` counts back from when the list was opened. */
export interface RunSearch {
  readonly workflow?: string | undefined;
  readonly status?: readonly RunStatus[] | undefined;
  readonly reason?: readonly RunStatusReason[] | undefined;
  readonly tag?: string | undefined;
  readonly within?: TimeSpan | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Ended within this, counted back like `within`. */
  readonly ended?: TimeSpan | undefined;
  readonly parent?: string | undefined;
  readonly version?: string | undefined;
  readonly chain?: string | undefined;
  /** Conditions on attributes with commas between. */
  readonly attr?: string | undefined;
}

/** As the API takes it. */
export interface RunFilter {
  readonly workflow?: string;
  readonly status?: RunStatus[];
  readonly reason?: RunStatusReason[];
  readonly tag?: string;
  readonly from?: number;
  readonly to?: number;
  readonly endedFrom?: number;
  readonly parent?: string;
  readonly version?: string;
  readonly chain?: string;
  readonly attr?: string;
}

const minuteMs = 60_000;
const spansMs: Readonly<Record<TimeSpan, number>> = {
  "15m": 15 * minuteMs,
  "1h": 60 * minuteMs,
  "6h": 360 * minuteMs,
  "24h": 1_440 * minuteMs,
  "7d": 7 * 1_440 * minuteMs,
  "30d": 30 * 1_440 * minuteMs,
};
export const timeSpanLabels: Readonly<Record<TimeSpan, string>> = {
  "15m": "Last 15 minutes",
  "1h": "Last hour",
  "6h": "Last 6 hours",
  "24h": "Last 24 hours",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
};

export function filterOf(search: RunSearch, now: number): RunFilter {
  const { workflow, status, reason, tag, within, to, ended, parent, version, chain, attr } = search;
  const from = within === undefined ? search.from : now - spansMs[within];
  return {
    ...(workflow === undefined ? {} : { workflow }),
    ...(status === undefined || status.length === 0 ? {} : { status: [...status] }),
    ...(reason === undefined || reason.length === 0 ? {} : { reason: [...reason] }),
    ...(tag === undefined ? {} : { tag }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(ended === undefined ? {} : { endedFrom: now - spansMs[ended] }),
    ...(parent === undefined ? {} : { parent }),
    ...(version === undefined ? {} : { version }),
    ...(chain === undefined ? {} : { chain }),
    ...(attr === undefined ? {} : { attr }),
  };
}

/** As a bulk operation takes it. */
export function bulkFilterOf({ attr, ...filter }: RunFilter): Omit<RunFilter, "attr"> & { attributes?: string[] } {
  return attr === undefined ? filter : { ...filter, attributes: [...splitConditions(attr)] };
}

/** Whether a run is in the list; undefined where what is known of it does not say. */
export function belongs(run: LiveRun, filter: RunFilter): boolean | undefined {
  if (filter.workflow !== undefined && filter.workflow !== run.workflow) return false;
  if (filter.status !== undefined && !filter.status.includes(run.status)) return false;
  if (
    filter.reason !== undefined &&
    (run.statusReason === null || !(filter.reason as readonly string[]).includes(run.statusReason))
  )
    return false;
  if (filter.endedFrom !== undefined && (run.endedAt === null || run.endedAt < filter.endedFrom)) return false;
  if (filter.from !== undefined && run.createdAt < filter.from) return false;
  if (filter.to !== undefined && run.createdAt >= filter.to) return false;
  const unknown = filter.tag ?? filter.parent ?? filter.version ?? filter.chain ?? filter.attr;
  return unknown === undefined ? true : undefined;
}

/** What the filter asks for, for a sentence: `12 runs of billing/pay that failed`. */
export function describeFilter(filter: RunFilter, words: (status: RunStatus) => string): string {
  const parts = [
    filter.workflow !== undefined && `of ${filter.workflow}`,
    filter.status !== undefined && `that are ${filter.status.map((each) => words(each).toLowerCase()).join(" or ")}`,
    filter.reason !== undefined && `because of ${filter.reason.map((each) => each.replaceAll("_", " ")).join(" or ")}`,
    filter.tag !== undefined && `tagged ${filter.tag}`,
    filter.parent !== undefined && `started by ${filter.parent}`,
    filter.version !== undefined && `of version ${filter.version.slice(0, 12)}`,
    filter.chain !== undefined && `that went on from ${filter.chain}`,
    filter.attr !== undefined && `whose ${filter.attr}`,
    (filter.from !== undefined || filter.to !== undefined) && "of the chosen time",
    filter.endedFrom !== undefined && "that ended in the chosen time",
  ].filter((part) => part !== false);
  return parts.length === 0 ? "of every workflow" : parts.join(", ");
}
