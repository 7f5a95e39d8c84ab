// Why a token is not taken, in the words that everybody is told who holds one.
import type { WireError } from "@sluice/protocol";
import type { TokenOutcome } from "../kernel/run-store.ts";

/** What is said of a token of an approval or of a callback. */
export function tokenRefusal(
  outcome: Exclude<TokenOutcome["outcome"], "ok">,
  what: "approval" | "callback",
): WireError {
  const refusals: Readonly<Record<typeof outcome, WireError>> = {
    unknown: {
      code: "token_unknown",
      message: `There is no such ${what} token.`,
      hint: "Check that the URL is complete.",
    },
    decided: {
      code: "already_decided",
      message: "This person has decided already: somebody else has to decide as well.",
    },
    used: { code: "token_used", message: `This ${what} has been answered already.` },
    expired: {
      code: "token_expired",
      message: `This ${what} can no longer be answered: its time is up or its run has ended.`,
    },
  };
  return refusals[outcome];
}
