// What is said when signing in at the identity provider has failed. The URL carries a code alone: text in it anybody could have
// written, and it would stand here as if it were ours.

interface Words {
  readonly message: string;
  readonly hint?: string;
}

const known: ReadonlyMap<string, Words> = new Map([
  [
    "sign_in_failed",
    { message: "The identity provider's answer was not accepted.", hint: "Begin again, in this browser." },
  ],
  ["forbidden", { message: "Your account may not sign in here.", hint: "Ask an admin for a user or a role." }],
  ["account_disabled", { message: "Your user is disabled.", hint: "Ask an admin to enable it." }],
  ["name_taken", { message: "A user of this name is there already.", hint: "Ask an admin to join the two." }],
  ["unavailable", { message: "The identity provider cannot be reached.", hint: "Try again in a moment." }],
  ["too_many_requests", { message: "Too many sign-ins were begun.", hint: "Wait a minute, then begin again." }],
  ["bad_request", { message: "Signing in at an identity provider is not set up on this server." }],
  ["draining", { message: "The server is stopping.", hint: "Try again in a moment." }],
]);

export function refusalWords(code: string): Words {
  return known.get(code) ?? { message: "Signing in did not work.", hint: "Begin again." };
}
