// For tests of signing in: browsers with their cookies, and requests without any.
import { workflow } from "@sluice/sdk";
import type { Answer, HttpFixture } from "../http-fixture.ts";

export const json = { "content-type": "application/json" };
export const password = "correct horse battery";
export const own = { origin: "http://127.0.0.1:7890", "sec-fetch-site": "same-origin" };
const waits = workflow({ name: "waits" }, async (ctx) => ctx.waitFor("never"));

export interface Browser {
  readonly cookie: string;
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

export const cookieOf = ({ headers }: Answer): string => (headers.get("set-cookie") ?? "").split(";")[0] ?? "";

export function browser(f: HttpFixture, cookie: string): Browser {
  return {
    cookie,
    send: (method, path, body, headers = {}) =>
      f.send(path, {
        method,
        token: null,
        headers: { ...json, ...own, cookie, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}

export async function post(
  f: HttpFixture,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return f.send(path, { method: "POST", token: null, headers: { ...json, ...headers }, body: JSON.stringify(body) });
}

export async function signIn(f: HttpFixture, name: string, secret = password): Promise<Browser> {
  const answer = await post(f, "/api/v1/auth/login", { name, password: secret });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return browser(f, cookieOf(answer));
}

export const options = { workflows: [waits], http: { limits: { signInsPerMinuteMax: 0 } }, identity: { totp: true } };
