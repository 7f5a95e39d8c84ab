// The shape of a route's contract, and what many contracts are made of.
import type { SchemaName } from "./schemas.ts";

/** A query parameter or header. */
export interface Parameter {
  readonly name: string;
  readonly in: "query" | "header";
  readonly description: string;
}

/** What goes in and out of a route. A response without a schema has no JSON body. */
export interface Contract {
  readonly parameters?: readonly Parameter[];
  readonly request?: SchemaName;
  /** Media type of a body that is no JSON. */
  readonly requestType?: string;
  readonly responses: Readonly<
    Record<number, { readonly description: string; readonly body?: SchemaName; readonly type?: string }>
  >;
}

export const query = (parameter: string, description: string): Parameter => ({
  name: parameter,
  in: "query",
  description,
});
export const header = (parameter: string, description: string): Parameter => ({
  name: parameter,
  in: "header",
  description,
});
export const limit = query("limit", "Entries of a page, at most 200; 50 without one");
export const cursor = query("cursor", "`nextCursor` of the page before");
export const wait = query("wait", "Longest wait for the end of the run, as a duration; at most 2 minutes");
export const answer = (description: string, body?: SchemaName) =>
  body === undefined ? { description } : { description, body };
