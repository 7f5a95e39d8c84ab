// How definitions that make no sense are refused.
import { SluiceError } from "@sluice/protocol";

/** Throws `invalid_workflow` about one field. */
export function refuse(of: string, field: string, allowed: string): never {
  throw new SluiceError({
    code: "invalid_workflow",
    message: `${of}: ${field} makes no sense.`,
    hint: `The ${field} is ${allowed}.`,
  });
}
