// What a workflow says of itself before any run: what may follow what.
import type { EntryKind } from "./statuses.ts";

/** A place of a declared graph; `id` is the kind and the name of the journal entries that come by there. */
export interface DeclaredNode {
  readonly id: string;
  readonly kind: EntryKind;
  readonly name: string;
  /** Entries whose names begin so belong behind it: how many there are is not known beforehand. */
  readonly within?: string | undefined;
}
/** `from` may be `start`, `to` may be `end`. */
export interface DeclaredEdge {
  readonly from: string;
  readonly to: string;
  /** True where other ways out of `from` are taken at the same time. */
  readonly parallel: boolean;
}
export interface DeclaredGraph {
  readonly nodes: readonly DeclaredNode[];
  readonly edges: readonly DeclaredEdge[];
}
