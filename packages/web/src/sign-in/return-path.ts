// Where to go after signing in: only to pages of this console, whatever the URL says.

/** The page as a path; `/` for everything that could lead elsewhere. */
export function returnPath(given: string | undefined): string {
  if (given === undefined || !given.startsWith("/")) return "/";
  const base = "http://console.invalid";
  if (!URL.canParse(given, base)) return "/";
  const url = new URL(given, base);
  // `//host` and `/\host` are other hosts to a browser.
  if (url.origin !== base || url.pathname.startsWith("//") || url.pathname.startsWith("/sign-in")) return "/";
  return url.pathname + url.search + url.hash;
}
