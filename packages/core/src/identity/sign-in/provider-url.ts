// Which URLs of identity providers are believed: what they say decides who comes in.

/** https, or a name of this machine. */
export function isSecureUrl(text: string): boolean {
  return URL.canParse(text) && (new URL(text).protocol === "https:" || isLoopbackUrl(text));
}

/** http on a name of this machine. */
export function isLoopbackUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { hostname, protocol } = new URL(text);
  return protocol === "http:" && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
