// With what a command comes in: a token it was given, or the key in the data folder beside it, which whoever can read may
// do everything with.
import { existsSync } from "node:fs";
import { join } from "node:path";

/** The bearer of the next request; undefined where there is none. */
export type Credential = () => Promise<string | undefined>;

export const noCredential: Credential = () => Promise.resolve(undefined);

export function tokenCredential(token: string): Credential {
  return () => Promise.resolve(token);
}

/** A proof is good for a minute; long before that there is another one. */
const proofMs = 40_000;

/**
 * The key of the data folder, as a proof that is good for a minute and for the server over that folder alone. Nothing where
 * the folder has no keys, or where they cannot be read.
 */
export function localCredential({ url, data }: { readonly url: string; readonly data: string }): Credential {
  let proof: { readonly at: number; readonly text: Promise<string | undefined> } | undefined;
  return () => {
    const now = Date.now();
    if (proof === undefined || now - proof.at > proofMs) proof = { at: now, text: prove(url, data) };
    return proof.text;
  };
}

async function prove(url: string, data: string): Promise<string | undefined> {
  const folder = join(data, "keys");
  if (!existsSync(folder)) return undefined;
  const { authentication, instance } = await methodsOf(url);
  if (!authentication || instance === undefined) return undefined;
  const [{ openKeyFolder, signLocalOperator }, { systemClock, systemRandom }] = await Promise.all([
    import("@sluice/core/identity"),
    import("@sluice/core"),
  ]);
  try {
    return await signLocalOperator({
      keys: openKeyFolder(folder),
      instance,
      clock: systemClock,
      random: systemRandom,
    });
  } catch (error) {
    // Keys of another user: the server says what is missing.
    if (error instanceof Error && "code" in error && error.code === "EACCES") return undefined;
    throw error;
  }
}

/** What the server says of signing in: whether it is asked for, and the name of its data. */
async function methodsOf(url: string): Promise<{ readonly authentication: boolean; readonly instance?: string }> {
  const response = await fetch(`${url}/api/v1/auth/methods`, ownTls(url, true));
  if (!response.ok) return { authentication: true };
  const body = (await response.json()) as { readonly authentication?: unknown; readonly instance?: unknown };
  const { instance } = body;
  return { authentication: body.authentication !== false, ...(typeof instance === "string" ? { instance } : {}) };
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** A server of this machine. */
export function isLoopbackUrl(url: string): boolean {
  return URL.canParse(url) && loopback.test(new URL(url).hostname);
}

/** The same port of this machine, however the machine is called, or the same URL. */
export function isSameServer(known: string, url: string): boolean {
  if (known === url) return true;
  if (!isLoopbackUrl(known) || !isLoopbackUrl(url)) return false;
  const [a, b] = [new URL(known), new URL(url)];
  return a.port === b.port && a.protocol === b.protocol;
}

/** The certificate of this machine's own server is for the name that others use; nobody is in between. */
export function ownTls(url: string, own: boolean): { readonly tls?: { readonly rejectUnauthorized: false } } {
  return own && url.startsWith("https:") && isLoopbackUrl(url) ? { tls: { rejectUnauthorized: false } } : {};
}
