// A real identity provider on this machine, and a browser that goes through its pages: signs in as whom it is told, says yes,
// and brings back what the provider sends it with.
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";

/** What the provider says of its people, by their name there. */
export type People = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export const clientId = "sluice";
export const clientSecret = "a secret that both of them know";
export const redirectUri = "http://127.0.0.1:1/api/v1/auth/openid/return";

export interface RunningProvider {
  readonly issuer: string;
  /** Where the provider sends the browser of somebody who signs in there. */
  visit(url: string, login: string): Promise<URL>;
  close(): Promise<void>;
}

export async function startProvider(people: People): Promise<RunningProvider> {
  // The provider wants to know its address before it is made.
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email", "email_verified"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    pkce: { required: () => true },
    cookies: { keys: ["a key of the test"] },
  });
  const answer = provider.callback();
  server.on("request", (request, response) => void answer(request, response));
  return {
    issuer,
    visit: (url, login) => visit(issuer, url, login),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const stepsMax = 20;

async function visit(issuer: string, start: string, login: string): Promise<URL> {
  const jar = new Map<string, string>();
  let next: { readonly url: URL; readonly form?: URLSearchParams | undefined } = { url: new URL(start) };
  for (let step = 0; step < stepsMax; step++) {
    if (next.url.origin !== issuer) return next.url;
    const answer = await fetch(next.url, {
      redirect: "manual",
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(next.form === undefined ? {} : { method: "POST", body: next.form }),
    });
    for (const line of answer.headers.getSetCookie()) keep(jar, line);
    const location = answer.headers.get("location");
    if (location !== null) next = { url: new URL(location, next.url) };
    else next = fill(await answer.text(), next.url, login);
  }
  throw new Error("The provider never sent the browser back.");
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = ""] = line.split(";");
  const at = pair.indexOf("=");
  jar.set(pair.slice(0, at), pair.slice(at + 1));
}

/** The form of a page with what somebody would put in. */
function fill(page: string, url: URL, login: string): { readonly url: URL; readonly form: URLSearchParams } {
  const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1];
  const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
  if (action === undefined || prompt === undefined)
    throw new Error(`There is no form to fill in: ${page.slice(0, 500)}`);
  const form = new URLSearchParams(prompt === "login" ? { prompt, login, password: "any" } : { prompt });
  return { url: new URL(action, url), form };
}
