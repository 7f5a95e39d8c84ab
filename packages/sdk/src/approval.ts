// What a workflow says when it asks people: whom, how many, with which form, and how they hear of it.
import type { Duration } from "@sluice/protocol";
import type { Context } from "./context.ts";
import type { StandardSchemaV1 } from "./standard-schema.ts";

export interface ApproveOptions<T = unknown, S extends StandardSchemaV1 = StandardSchemaV1> {
  readonly timeout?: Duration;
  readonly description?: string;
  /** Shown to whoever decides. */
  readonly data?: unknown;
  /** Returned when the time is up; without it a `TimeoutError` is thrown. */
  readonly onTimeout?: T;
  /**
   * Who is asked: `user:NAME` and `role:NAME` have to be signed in; anything else is an address, and whoever has the link that
   * was sent there decides. Each gets a link of their own. Without any, whoever has the link or the permission decides.
   */
  readonly approvers?: readonly string[];
  /** How many of them have to approve; `any` is one. */
  readonly need?: "any" | "all" | number;
  /** `veto`: the first denial denies. `outvoted`: only when so many have denied that the others cannot be enough. */
  readonly denial?: "veto" | "outvoted";
  /** Whoever started the run may not decide. */
  readonly notRequester?: boolean;
  /** What an approval has to carry: the console makes inputs of it, and the payload is what the schema made of them. */
  readonly form?: S;
  /** Whether an approver may hand the decision on; they may unless this is false. */
  readonly delegable?: boolean;
  /** How long a link is enough by itself; after that one has to be signed in. */
  readonly linkExpires?: Duration;
  /** Tells an approver, once for each time they have to hear of it. Its `ctx` calls are durable like all others. */
  readonly notify?: (request: ApprovalRequest, ctx: Context) => Promise<unknown>;
  /** Tells those again who have not answered. */
  readonly remind?: { readonly every: Duration; readonly times?: number };
  /** Asks others too when there is no decision after a while; any one of them decides alone. */
  readonly escalate?: { readonly after: Duration; readonly to: readonly string[] };
}

/** What an approver has to be told. */
export interface ApprovalRequest {
  readonly why: "asked" | "reminder" | "delegated" | "escalated";
  /** Name of the approval. */
  readonly name: string;
  /** As it is in the options, or as it was handed on. */
  readonly approver: string | undefined;
  /** Where they decide; works once. */
  readonly url: string;
  readonly token: string;
  readonly description: string | undefined;
  readonly data: unknown;
  /** Which reminder it is, from 1; 0 for everything else. */
  readonly reminder: number;
  /** Who handed it on. */
  readonly delegatedBy: string | undefined;
}

/** One person's part in an approval. */
export interface ApproverDecision {
  /** Whom it was asked of. */
  readonly approver: string | undefined;
  readonly approved: boolean;
  /** Who decided: a user's id, or whatever the server knows of them. */
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly reason?: string;
  readonly payload?: unknown;
}

export interface Approval<P = unknown> {
  readonly approved: true;
  readonly by: string;
  readonly reason?: string;
  readonly payload?: P;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** All that were made, in their order; the last one is the one above. Absent where nobody in particular was asked. */
  readonly decisions?: readonly ApproverDecision[];
}
