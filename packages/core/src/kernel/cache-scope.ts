// Scopes: what somebody who is not trusted has written is read by nobody but themselves. Blobs are kept in scopes, and so is whatever
// is found again by a key.

/** The scope of those who are trusted: everybody reads it, and only who is not limited to another one writes to it. */
const mainScope = "main";
/** Longest name of a scope. */
const scopeCharsMax = 512;

/** What one token, or one person, may read and write. */
export interface CacheScope {
  /** Where it writes; undefined: nowhere. */
  readonly own: string | undefined;
  /** Where it reads, in this order: what it wrote itself comes first. */
  readonly reads: readonly string[];
}

/**
 * The scope that the limit `cache` of a token stands for. Without a limit it is `main`; otherwise the first name among its patterns
 * is the own scope, the other names are read, and so is `main`. A pattern, which has a `*` or ends in `/`, names no scope.
 */
export function cacheScopeOf(patterns: readonly string[] | undefined): CacheScope {
  if (patterns === undefined || patterns.includes("*")) return { own: mainScope, reads: [mainScope] };
  const names = patterns.filter((pattern) => isScopeName(pattern));
  return { own: names[0], reads: [...new Set([...names, mainScope])] };
}

function isScopeName(pattern: string): boolean {
  return pattern.length > 0 && pattern.length <= scopeCharsMax && !pattern.includes("*") && !pattern.endsWith("/");
}
