// What search asks of each noun. A noun that wants to be found has a file here and a line in sources.ts.
import type { Principal } from "@sluice/core/identity";
import type { HttpParts } from "../call.ts";

/** What sources may use. */
export type SearchParts = Pick<HttpParts, "engine" | "store" | "identity" | "clock">;

export interface SearchHit {
  /** Unique among the hits of the noun. */
  readonly id: string;
  readonly title: string;
  readonly detail: string | null;
  /** Path in the console. */
  readonly page: string;
  readonly status: string | null;
  /** Milliseconds since 1970. */
  readonly at: number | null;
}

export interface SearchFound {
  readonly hits: readonly SearchHit[];
  /** There may be others. */
  readonly more: boolean;
}

export interface SearchRequest {
  /** Between 1 and 200 characters, without space around it. Nothing in it is special. */
  readonly text: string;
  readonly limit: number;
  /** Nothing is found that may not be seen. */
  readonly principal: Principal;
}

export interface SearchSource {
  /** Also the first segment of its pages, where it has any. */
  readonly noun: string;
  search(request: SearchRequest): Promise<SearchFound>;
}

export const nothing: SearchFound = { hits: [], more: false };

/** A path of the console; each segment and value is encoded. */
export function pageAt(segments: readonly string[], query: Readonly<Record<string, string>> = {}): string {
  const path = segments.map((segment) => `/${encodeURIComponent(segment)}`).join("");
  const parameters = new URLSearchParams(query).toString();
  return parameters === "" ? path : `${path}?${parameters}`;
}

/** How well one of these texts fits: 0 it is the text, 1 it begins with it, 2 it holds it; upper or lower case. */
function rankOf(wanted: string, texts: readonly string[]): number | undefined {
  let best: number | undefined;
  for (const text of texts) {
    const at = text.toLowerCase().indexOf(wanted);
    if (at === -1) continue;
    const rank = at > 0 ? 2 : text.length === wanted.length ? 0 : 1;
    best = best === undefined ? rank : Math.min(best, rank);
  }
  return best;
}

/** Those of a list that hold the text in one of their texts, the best first and otherwise as they come. */
export function fitting<T>(
  all: Iterable<T>,
  { text, limit }: SearchRequest,
  textsOf: (item: T) => readonly string[],
): { readonly items: readonly T[]; readonly more: boolean } {
  const wanted = text.toLowerCase();
  const ranked: { readonly item: T; readonly rank: number }[] = [];
  for (const item of all) {
    const rank = rankOf(wanted, textsOf(item));
    if (rank !== undefined) ranked.push({ item, rank });
  }
  const items = ranked.toSorted((a, b) => a.rank - b.rank).map(({ item }) => item);
  return { items: items.slice(0, limit), more: items.length > limit };
}
