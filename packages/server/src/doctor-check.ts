// What `sluice doctor` finds, one thing at a time.

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly state: "ok" | "warning" | "failed";
  readonly message: string;
  readonly hint?: string | undefined;
}

/** A finding: what was looked at, how it stands, what is so, and what to do about it. */
export function check(...[name, state, message, hint]: [string, Check["state"], string, string?]): Check {
  return { name, state, message, ...(hint === undefined ? {} : { hint }) };
}
