// Which webhook a path is for: segments as they are come before `:name`, that before `*`, which takes the rest.
import type { WebhookManifest } from "@sluice/protocol";

export interface MatchedPath {
  readonly params: Readonly<Record<string, string>>;
  /** How its segments fit, by rank: less is better. */
  readonly ranks: string;
}

/** The parameters of a path that fits a pattern; undefined where it does not. */
export function matchPath(pattern: string, path: string): MatchedPath | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  const params = new Map<string, string>();
  let ranks = "";
  for (const [at, segment] of wanted.entries()) {
    if (segment === "*" && at === wanted.length - 1) {
      params.set("*", given.slice(at).map(decoded).join("/"));
      return { params: Object.fromEntries(params), ranks: `${ranks}2` };
    }
    const value = given[at];
    if (value === undefined) return undefined;
    const text = decoded(value);
    if (segment.startsWith(":") && segment.length > 1) {
      if (text === "") return undefined;
      params.set(segment.slice(1), text);
      ranks += "1";
    } else if (segment === text) ranks += "0";
    else return undefined;
  }
  return wanted.length === given.length ? { params: Object.fromEntries(params), ranks } : undefined;
}

/** Text that is not percent-encoded UTF-8 stands for itself. */
function decoded(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

export interface Candidate {
  readonly manifest: WebhookManifest;
}

/** Those that fit a path best, whatever their method, with the path's parameters. */
export function bestMatches<C extends Candidate>(
  hooks: readonly C[],
  path: string,
): readonly { readonly hook: C; readonly params: MatchedPath["params"] }[] {
  const fitting = hooks.flatMap((hook) => {
    const matched = matchPath(hook.manifest.path, path);
    return matched === undefined ? [] : [{ hook, ...matched }];
  });
  const best = fitting.map(({ ranks }) => ranks).toSorted()[0];
  return fitting.filter(({ ranks }) => ranks === best);
}
