// The journaled calls behind ctx.approve: one that asks whoever comes, and a pair that makes a link and waits for what is
// decided with it.
import { approvalLinkPrefix, encodeValue } from "@sluice/protocol";
import type { ApprovalDecision, ApprovalTerms } from "@sluice/protocol";
import { decodeError, DeniedError } from "@sluice/sdk";
import type { ApproveOptions } from "@sluice/sdk";
import type { Caller, DurableCall } from "./caller.ts";
import { decoded, timedOut, timeLimit } from "./time-limit.ts";

/** A link to be made; `timeoutMs` is how long it can be decided with. */
interface LinkRequest {
  readonly name: string;
  /** Name of the approval. */
  readonly title: string;
  readonly terms: ApprovalTerms;
  readonly timeoutMs: number | undefined;
  readonly description: string | undefined;
  readonly data: unknown;
}

export interface ApprovalLinks {
  /** Makes the token of a link. */
  readonly make: (link: LinkRequest) => Promise<string>;
  /** Waits for what is decided with a token; undefined when its time is up. */
  readonly decision: (name: string, token: string) => Promise<ApprovalDecision | undefined>;
}

/** An approval that asks nobody in particular. */
export function plainApproval(name: string, options: ApproveOptions): DurableCall {
  const { description, data } = options;
  return {
    kind: "approval",
    name,
    wait: "waiting_for_approval",
    op: ({ seq, n }) => ({
      op: "approval",
      seq,
      name,
      n,
      ...(description === undefined ? {} : { description }),
      ...(data === undefined ? {} : { data: encodeValue(data) }),
      ...timeLimit(options.timeout),
    }),
    value: (bytes) => {
      const decision = decoded(bytes) as ApprovalDecision;
      if (decision.approved) return decision;
      throw new DeniedError(decision.reason ?? `${name} was denied.`, decision);
    },
    failed: timedOut(`Approval ${name}`, options),
  };
}

export function approvalLinks(caller: Caller): ApprovalLinks {
  return {
    make: (link) => caller.call("approve", linkCall(link)) as Promise<string>,
    decision: (name, token) =>
      caller.call("approve", {
        kind: "approval",
        name,
        wait: "waiting_for_approval",
        op: ({ seq, n }) => ({ op: "approval", seq, name, n, token }),
        value: decoded,
        failed: (error) =>
          error === undefined || error.length === 0 ? { value: undefined } : { error: decodeError(error) },
      }) as Promise<ApprovalDecision | undefined>,
  };
}

function linkCall({ name, title, terms, timeoutMs, description, data }: LinkRequest): DurableCall {
  const linkName = `${approvalLinkPrefix}${name}`;
  return {
    kind: "token",
    name: linkName,
    op: ({ seq, n }) => ({
      op: "token",
      seq,
      name: linkName,
      n,
      group: terms.group,
      title,
      terms: encodeValue(terms),
      ...(description === undefined ? {} : { description }),
      ...(data === undefined ? {} : { data: encodeValue(data) }),
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    }),
    value: decoded,
  };
}
