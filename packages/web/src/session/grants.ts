// Whether grants allow something, by the same rules as the server's.
import type { Grant, Permission } from "@sluice/protocol";

function matches(pattern: string, value: string): boolean {
  const parts = pattern.split("*");
  const [first = "", ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return pattern === value;
  if (!value.startsWith(first) || !value.endsWith(last) || value.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of rest) {
    const found = value.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= value.length - last.length;
}

/** Without `value`: whether it is allowed for anything at all. */
export function allows(grants: readonly Grant[], permission: Permission, value?: string): boolean {
  const noun = permission.slice(0, permission.indexOf(":"));
  return grants.some((grant) => {
    if (grant.permission !== "*" && grant.permission !== `${noun}:*` && grant.permission !== permission) return false;
    if (grant.only === undefined || value === undefined) return true;
    return grant.only.some((pattern) => matches(pattern, value));
  });
}
