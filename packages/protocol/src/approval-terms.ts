// What was agreed on about one token of an approval: who may decide with it, and on what.

/** Sent with the operation that makes the token, as an encoded value, and kept beside it. */
export interface ApprovalTerms {
  /** The same for all tokens of one approval. */
  readonly group: string;
  /** `user:NAME`, `role:NAME`, or an address: then whoever has the link may decide. Absent: whoever has the link or the right. */
  readonly approver?: string | undefined;
  /** How many have to approve. */
  readonly need: number;
  /** How many are asked. */
  readonly of: number;
  /** Whoever started the run may not decide. */
  readonly notRequester?: boolean | undefined;
  /** JSON Schema (draft 2020-12) of the payload that an approval carries. */
  readonly form?: Readonly<Record<string, unknown>> | undefined;
  /** Whether the decision may be handed on to somebody else. */
  readonly delegable?: boolean | undefined;
  /** Who handed it on. */
  readonly delegatedBy?: string | undefined;
  /** Asked because the others did not answer in time; decides alone. */
  readonly escalated?: boolean | undefined;
  /** Why what was filled in before was not good. */
  readonly problem?: string | undefined;
  /** Until when the link itself is enough; milliseconds since 1970. Later one has to be signed in. */
  readonly linkUntil?: number | undefined;
}

/** What an approval's token is completed with. `by` is who did it: a user's id, or the approver an anonymous link was for. */
export interface ApprovalDecision {
  readonly approved: boolean;
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly reason?: string | undefined;
  readonly payload?: unknown;
  /** Nothing was decided: this approver is asked instead. */
  readonly delegatedTo?: string | undefined;
}

/** Entries in which links to approvals are made are named so, in front of the approval's name. */
export const approvalLinkPrefix = "link: ";

/** Encoded terms of one token; a form is by far the most of it. */
export const approvalTermsBytesMax = 32_768;

/** The kinds of approver. */
export type ApproverKind = "user" | "role" | "address";

/** Takes an approver apart. */
export function approverOf(text: string): { readonly kind: ApproverKind; readonly name: string } {
  const [, kind, name] = /^(user|role):(.+)$/s.exec(text) ?? [];
  return kind === undefined || name === undefined
    ? { kind: "address", name: text }
    : { kind: kind === "user" ? "user" : "role", name };
}
