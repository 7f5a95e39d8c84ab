// Checks of what clients send about users, roles and tokens, by hand as everywhere.
import type { Limits } from "@sluice/core/identity";
import { selectorNames } from "@sluice/protocol";
import type { Grant } from "@sluice/protocol";
import { fieldsOf, optionalTextsOf, quoted, refuse, textOf } from "./fields.ts";
import type { Body } from "./fields.ts";

const passwordCharsMax = 1_024;
const grantsMax = 200;
const patternsMax = { items: 100, chars: 512 };
const userNamePattern = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/;
const roleNamePattern = /^[a-z][a-z0-9-]{0,63}$/;
const rolesMax = { items: 32, chars: 64 };

/** A password: any text, also an empty one, as long as it is not endless. */
export function passwordOf(body: Body, key: string): string {
  const value = body[key];
  if (typeof value !== "string" || value.length > passwordCharsMax)
    refuse("bad_request", `${key} is not a password.`, `Send text of at most ${passwordCharsMax} characters.`);
  return value;
}

export function userNameOf(body: Body, key: string): string {
  const name = body[key];
  if (typeof name !== "string" || !userNamePattern.test(name)) {
    refuse("invalid_name", `${key} cannot be the name of a user.`, "Send 1 to 128 letters, digits and ._@+-.");
  }
  return name;
}

export function roleNameOf(name: string): string {
  if (roleNamePattern.test(name)) return name;
  return refuse("invalid_name", `${quoted(name)} cannot be the name of a role.`, "Use a-z, 0-9 and -.");
}

/** Undefined where none are given; null is no list of roles. */
export function optionalRolesOf(body: Body, key: string): readonly string[] | undefined {
  if (body[key] === null) refuse("bad_request", `${key} is not a list of roles.`, "Leave it out to keep them.");
  return optionalTextsOf(body, key, rolesMax)?.map(roleNameOf);
}

function patternsOf(value: unknown, where: string): readonly string[] {
  const patterns = optionalTextsOf({ [where]: value }, where, patternsMax);
  if (patterns === undefined || patterns.length === 0)
    refuse("bad_request", `${where} names nothing.`, "Leave it out, or send patterns.");
  return patterns;
}

/** Grants; undefined where none are given. */
export function optionalGrantsOf(body: Body, key: string): readonly Grant[] | undefined {
  const value = body[key];
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length > grantsMax)
    refuse("bad_request", `${key} is not a list of grants.`, `Send at most ${grantsMax} of {permission, only?}.`);
  return value.map((item: unknown): Grant => {
    const grant = fieldsOf(item, ["permission", "only"]);
    const permission = textOf(grant, "permission", 64);
    if (grant["only"] === undefined) return { permission };
    return { permission, only: patternsOf(grant["only"], "only") };
  });
}

/** What a token is limited to, patterns by selector; undefined where nothing is said. */
export function optionalLimitsOf(body: Body, key: string): Limits | undefined {
  const value = body[key];
  if (value === undefined) return undefined;
  const limits = fieldsOf(value, selectorNames);
  return Object.fromEntries(Object.entries(limits).map(([selector, only]) => [selector, patternsOf(only, selector)]));
}
