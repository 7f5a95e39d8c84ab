// What the screen of logs reads: entries that fit, how many there are over time, and those that come while one looks.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, apiUrl } from "../api.ts";
import type { Answer, ApiError } from "../api.ts";

export type LogAnswer = Answer<"queryLogs">;
export type LogEntry = NonNullable<LogAnswer["entries"]>[number];

export const levels = ["fatal", "error", "warn", "info", "debug", "trace", "unknown"] as const;
export type Level = (typeof levels)[number];

/** A stretch of time with its entries by level. */
export interface Bar {
  readonly fromMs: number;
  readonly counts: Readonly<Partial<Record<Level, number>>>;
}

export interface LogSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

const entriesMax = 500;
/** Entries a live tail keeps on the page. */
const liveMax = 2_000;
/** Bars of the histogram are at most this many, each a whole number of minutes long. */
const barsMax = 90;
const minuteMs = 60_000;

/** Entries of whom: of programs without a tenant, else of the product itself. */
export type LogTenant = "sluice" | "sluice-builds" | "sluice-audit" | undefined;

interface Asked {
  readonly query: string;
  readonly tenant: LogTenant;
}

function read({ query, tenant, limit }: Asked & { readonly limit: number }, span: LogSpan, signal: AbortSignal) {
  const named = tenant === undefined ? {} : { tenant };
  return api("queryLogs", { body: { query, limit, ...named, from: span.fromMs, to: span.toMs }, signal });
}

/** The filter of a query: what stands before its pipes. Quoted bars are not taken for one. */
export function filterOf(query: string): string {
  const found = /^(?:[^|"'`]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*/.exec(query);
  return (found?.[0] ?? query).trim();
}

export function useLogQuery({ query, tenant }: Asked, span: LogSpan, enabled: boolean) {
  return useQuery<LogAnswer, ApiError>({
    queryKey: ["queryLogs", tenant, query, span.fromMs, span.toMs],
    queryFn: ({ signal }) => read({ query, tenant, limit: entriesMax }, span, signal),
    placeholderData: keepPreviousData,
    enabled,
  });
}

export function barMs({ fromMs, toMs }: LogSpan): number {
  return Math.max(1, Math.ceil((toMs - fromMs) / barsMax / minuteMs)) * minuteMs;
}

export function useHistogram({ query, tenant }: Asked, span: LogSpan) {
  const stepMs = barMs(span);
  return useQuery<readonly Bar[], ApiError>({
    queryKey: ["queryLogs", "bars", tenant, query, span.fromMs, span.toMs],
    queryFn: async ({ signal }) => {
      const counting = `${query} | stats by (_time:${stepMs / minuteMs}m, level) count()`;
      const { rows } = await read({ query: counting, tenant, limit: 5_000 }, span, signal);
      return barsOf(rows ?? [], span, stepMs);
    },
    placeholderData: keepPreviousData,
  });
}

/** Rows of time, level and count as bars without gaps. */
export function barsOf(rows: NonNullable<LogAnswer["rows"]>, span: LogSpan, stepMs: number): readonly Bar[] {
  const counts = new Map<number, Partial<Record<Level, number>>>();
  for (const [time, level, count] of rows) {
    const at = Date.parse(String(time));
    const bar = counts.get(at) ?? {};
    bar[levels.find((each) => each === level) ?? "unknown"] = Number(count);
    counts.set(at, bar);
  }
  const bars: Bar[] = [];
  for (let at = Math.floor(span.fromMs / stepMs) * stepMs; at < span.toMs; at += stepMs) {
    bars.push({ fromMs: at, counts: counts.get(at) ?? {} });
  }
  return bars;
}

export interface LiveLogs {
  /** Oldest first. */
  readonly entries: readonly LogEntry[];
  readonly missed: number;
  readonly connected: boolean;
}

const nothing: LiveLogs = { entries: [], missed: 0, connected: false };

/** Follows a filter while it is on. The browser comes back by itself with the number of the last entry. */
export function useLiveLogs({ query: filter, tenant }: Asked, on: boolean): LiveLogs {
  const [live, setLive] = useState(nothing);
  useEffect(() => {
    if (!on) return undefined;
    setLive(nothing);
    const named = tenant === undefined ? {} : { tenant };
    const source = new EventSource(apiUrl("tailLogs", { query: { query: filter, last: 100, ...named } }));
    let waiting: LogEntry[] = [];
    // A burst is one change of the page.
    const show = (): void => {
      if (waiting.length === 0) return;
      const more = waiting;
      waiting = [];
      setLive((before) => ({ ...before, entries: [...before.entries, ...more].slice(-liveMax) }));
    };
    const timer = setInterval(show, 150);
    source.addEventListener("open", () => setLive((before) => ({ ...before, connected: true })));
    source.addEventListener("error", () => setLive((before) => ({ ...before, connected: false })));
    source.addEventListener("entry", ({ data }: MessageEvent<string>) => waiting.push(JSON.parse(data) as LogEntry));
    source.addEventListener("missed", ({ data }: MessageEvent<string>) => {
      const { count } = JSON.parse(data) as { readonly count: number };
      setLive((before) => ({ ...before, missed: before.missed + count }));
    });
    return () => {
      clearInterval(timer);
      source.close();
    };
  }, [filter, tenant, on]);
  return live;
}
