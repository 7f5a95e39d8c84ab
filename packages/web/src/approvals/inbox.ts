// What waits for a decision as the inbox lists it.
import type { Answer } from "../api.ts";

export type ListedApproval = Answer<"listApprovals">["approvals"][number];

/** Names an approval in the URL without giving its token away: whoever holds that decides. */
export function approvalKey(
  p: Pick<ListedApproval, "run" | "name" | "createdAt"> & { readonly approver?: string | null | undefined },
): string {
  const { run, name, createdAt, approver } = p;
  return `${run}~${createdAt}~${name}${approver === null || approver === undefined ? "" : `~${approver}`}`;
}

/** Whom it is asked of, in words. */
export function askedOf({ approver }: Pick<ListedApproval, "approver">): string {
  if (approver === null) return "Anybody who may decide";
  const [, kind, name] = /^(user|role):(.+)$/s.exec(approver) ?? [];
  if (name === undefined) return approver;
  return kind === "role" ? `Somebody with the role ${name}` : name;
}

/** Those that fit the filters: what expires first is first, then what has waited longest. */
export function inboxOf(
  approvals: readonly ListedApproval[],
  { workflow }: { readonly workflow?: string | undefined },
): readonly ListedApproval[] {
  return approvals
    .filter((approval) => workflow === undefined || approval.workflow === workflow)
    .toSorted((a, b) => (a.expiresAt ?? Infinity) - (b.expiresAt ?? Infinity) || a.createdAt - b.createdAt || 0);
}

/** The one to look at after `key` has been decided: the next, or the one before where it was the last. */
export function afterDecision(approvals: readonly ListedApproval[], key: string): string | undefined {
  const at = approvals.findIndex((approval) => approvalKey(approval) === key);
  const next = approvals[at + 1] ?? approvals[at - 1];
  return next === undefined ? undefined : approvalKey(next);
}
