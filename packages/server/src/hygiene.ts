// What browsers are told about every answer, so that a mistake elsewhere stays small.

/** With every answer: a type is what it says it is. */
export const nosniff = { "x-content-type-options": "nosniff" } as const;

/** Over TLS only: from now on never without it. A year, as browsers' lists ask for. */
export const strictTransport = ["strict-transport-security", "max-age=31536000"] as const;

/** With a page: what it may load and who may show it. `policy` is its own content security policy. */
export function pageHeaders(policy: string): Readonly<Record<string, string>> {
  return {
    ...nosniff,
    "content-security-policy": policy,
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  };
}
