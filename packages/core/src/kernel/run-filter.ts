// Which runs are meant by a list, a count or a bulk operation.
import type { AttributeOperator, RunAttribute, RunStatus, RunStatusReason } from "@sluice/protocol";

export interface RunFilter {
  readonly workflow?: string | undefined;
  readonly status?: readonly RunStatus[] | undefined;
  readonly reason?: readonly RunStatusReason[] | undefined;
  readonly tag?: string | undefined;
  /** Created at or after, and before. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Ended at or after. */
  readonly endedFrom?: number | undefined;
  readonly parent?: string | undefined;
  readonly version?: string | undefined;
  /** The run with this id, and those that went on from it. */
  readonly chain?: string | undefined;
  /** All of them have to hold. */
  readonly attributes?: readonly AttributeFilter[] | undefined;
}

/** A condition on a search attribute. A run that does not have it, or has it with another type, does not fit. */
export interface AttributeFilter {
  readonly name: string;
  readonly type: RunAttribute["type"];
  /** `~`: the text holds the value, in upper or lower case of the letters A to Z. */
  readonly operator: AttributeOperator;
  readonly value: RunAttribute["value"];
}
