// What somebody may do, worked out once from roles, grants and limits, then asked many times.
import { permissions } from "@sluice/protocol";
import type { Grant, Permission, PermissionSpec } from "@sluice/protocol";
import { matchesAny } from "../../kernel/patterns.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Limits } from "../settings.ts";
import { holdsPatterns, intersectPatterns, unitePatterns } from "./pattern-sets.ts";
import type { Patterns } from "./pattern-sets.ts";

const specs: Readonly<Record<Permission, PermissionSpec>> = permissions;
const all = Object.keys(permissions) as Permission[];
const nothing: readonly string[] = [];
/** Stars in one pattern: what patterns have in common grows with them. */
const patternStarsMax = 8;

/** Every permission with what it is allowed on. A permission that is not in it is not had. */
export class Access {
  readonly #held: ReadonlyMap<Permission, Patterns>;

  constructor(held: ReadonlyMap<Permission, Patterns>) {
    this.#held = held;
  }

  may(permission: Permission): boolean {
    return this.#held.has(permission);
  }

  allows(permission: Permission, value: string): boolean {
    return this.#held.has(permission) && matchesAny(this.#held.get(permission), value);
  }

  /** Undefined is everything; an empty list nothing. */
  patterns(permission: Permission): Patterns {
    return this.#held.has(permission) ? this.#held.get(permission) : nothing;
  }

  /** What is allowed here and there. */
  within(other: Access): Access {
    const held = new Map<Permission, Patterns>();
    for (const [permission, own] of this.#held) {
      if (!other.may(permission)) continue;
      keep(held, permission, intersectPatterns(own, other.patterns(permission)));
    }
    return new Access(held);
  }

  /** The same, with every permission narrowed by the limit for its selector. */
  limitedTo(limits: Limits): Access {
    const held = new Map<Permission, Patterns>();
    for (const [permission, own] of this.#held) {
      const selector = specs[permission].narrowedBy;
      keep(held, permission, selector === undefined ? own : intersectPatterns(own, limits[selector]));
    }
    return new Access(held);
  }

  /** The first permission that `needed` has and this has not, or not on all of it. */
  lacks(needed: Access): Permission | undefined {
    return all.find(
      (permission) =>
        needed.may(permission) &&
        !(this.may(permission) && holdsPatterns(this.patterns(permission), needed.patterns(permission))),
    );
  }

  /** As grants, one a permission; `*` for everything there is. */
  grants(): readonly Grant[] {
    if (this.lacks(everything) === undefined) return [{ permission: "*" }];
    return [...this.#held].map(([permission, only]) => (only === undefined ? { permission } : { permission, only }));
  }
}

/** Everything, also what leads to a shell. */
export const everything = new Access(new Map(all.map((permission) => [permission, undefined])));

function keep(held: Map<Permission, Patterns>, permission: Permission, patterns: Patterns): void {
  if (patterns === undefined || patterns.length > 0) held.set(permission, patterns);
}

/** Permissions that a grant names. Those that lead to a shell come with the role admin alone, not with any wording. */
function namedBy(grant: Grant, shell: boolean): readonly Permission[] {
  const name = grant.permission;
  const noun = name.endsWith(":*") ? name.slice(0, -1) : undefined;
  return all.filter((permission) => {
    if (specs[permission].shell === true && !shell) return false;
    return name === "*" || name === permission || (noun !== undefined && permission.startsWith(noun));
  });
}

/** What grants allow together. `shell`: they are those of the built-in role admin. */
export function accessOf(grants: readonly Grant[], shell = false): Access {
  const held = new Map<Permission, Patterns>();
  for (const grant of grants) {
    for (const permission of namedBy(grant, shell)) {
      // A narrowed grant gives nothing where nothing narrows: less than was meant, never more.
      if (grant.only !== undefined && specs[permission].narrowedBy === undefined) continue;
      keep(held, permission, unitePatterns(held.has(permission) ? held.get(permission) : nothing, grant.only));
    }
  }
  return new Access(held);
}

/** What is allowed by one of them. */
export function uniteAccess(parts: readonly Access[]): Access {
  const held = new Map<Permission, Patterns>();
  for (const permission of all) {
    const having = parts.filter((part) => part.may(permission));
    if (having.length === 0) continue;
    held.set(
      permission,
      having.map((part) => part.patterns(permission)).reduce((a, b) => unitePatterns(a, b)),
    );
  }
  return new Access(held);
}

/** A pattern that ends in `/` stands for everything below it. */
function normalizePatterns(patterns: readonly string[]): readonly string[] {
  return patterns.map((pattern) => (pattern.endsWith("/") ? `${pattern}*` : pattern));
}

/** Limits as they are kept. */
export function normalizeLimits(limits: Limits): Result<Limits> {
  const entries = Object.entries(limits).map(
    ([selector, patterns]) => [selector, normalizePatterns(patterns)] as const,
  );
  const starry = entries.find(([, patterns]) => patterns.some(hasManyStars));
  return starry === undefined ? ok(Object.fromEntries(entries) as Limits) : tooManyStars();
}

function hasManyStars(pattern: string): boolean {
  return pattern.split("*").length - 1 > patternStarsMax;
}

function tooManyStars(): ReturnType<typeof fail> {
  return fail({ code: "invalid_input", message: `A pattern has at most ${patternStarsMax} stars.` });
}

/** Grants as they are kept. Refused where a permission is unknown, cannot be narrowed as asked, or leads to a shell. */
export function normalizeGrants(grants: readonly Grant[]): Result<readonly Grant[]> {
  const kept: Grant[] = [];
  for (const grant of grants) {
    const problem = grantProblem(grant);
    if (problem !== undefined) return problem;
    const { permission, only } = grant;
    kept.push(only === undefined ? { permission } : { permission, only: normalizePatterns(only) });
  }
  return ok(kept);
}

function grantProblem(grant: Grant): ReturnType<typeof fail> | undefined {
  const shown = JSON.stringify(grant.permission.slice(0, 64));
  const named = namedBy(grant, true);
  if (named.length === 0) {
    return fail({ code: "invalid_input", message: `There is no permission ${shown}.`, hint: "See GET /api/v1/roles." });
  }
  if (named.every((permission) => specs[permission].shell === true)) {
    return fail({
      code: "forbidden",
      message: `${shown} leads to a shell of the server's own user: only the role admin has it.`,
      details: { permission: grant.permission },
    });
  }
  if (grant.only === undefined) return undefined;
  if (grant.only.some(hasManyStars)) return tooManyStars();
  if (grant.only.length === 0)
    return fail({ code: "invalid_input", message: `${shown} has an empty list of patterns.` });
  const selectors = new Set(named.map((permission) => specs[permission].narrowedBy));
  if (selectors.size === 1 && !selectors.has(undefined)) return undefined;
  return fail({
    code: "invalid_input",
    message: `${shown} cannot be narrowed: what it names is not narrowed by one selector.`,
    hint: "Give the permissions one by one.",
  });
}
