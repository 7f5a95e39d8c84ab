// The cookies of the console: a session, and what binds a sign-in at an identity provider to this browser.

/** What a cookie's name is made of, besides the name of the data: cookies ignore ports, so two servers must not share one. */
export type CookieUse = "session" | "openid";

export interface CookieScope {
  /** Name of the data. */
  readonly instance: string;
  /** The request came over TLS: the cookie then never leaves it, and no other host can have set it (`__Host-`). */
  readonly secure: boolean;
}

/** The name, by the prefixes of RFC 6265bis, section 4.1.3. */
export function cookieName(use: CookieUse, { instance, secure }: CookieScope): string {
  return `${secure ? "__Host-" : ""}sluice_${use}_${instance.replace(/[^A-Za-z0-9_-]/g, "_")}`;
}

/** The value of a cookie in a `Cookie` header. */
export function cookieIn(header: string | null, name: string): string | undefined {
  if (header === null) return undefined;
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** A `Set-Cookie` header. Lax, not Strict: whoever comes back from an identity provider or from a mail is signed in. */
export function setCookie(use: CookieUse, value: string, p: CookieScope & { readonly maxAgeMs: number }): string {
  const age = Math.max(0, Math.floor(p.maxAgeMs / 1_000));
  return `${cookieName(use, p)}=${value}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax${p.secure ? "; Secure" : ""}`;
}

/** A `Set-Cookie` header that takes the cookie away. */
export function clearCookie(use: CookieUse, scope: CookieScope): string {
  return setCookie(use, "", { ...scope, maxAgeMs: 0 });
}
