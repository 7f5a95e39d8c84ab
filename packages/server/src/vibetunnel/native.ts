// The server behind the face, by its own API: whatever is done there is done by whoever signed in here, and is audited there.
import { fail, ok } from "@sluice/core";
import type { Result } from "@sluice/core";
import { errorCodes } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";

/** Where it is. */
export interface NativeServer {
  /** Without a trailing slash. */
  readonly url: string;
  /** The certificate of this machine's own server is for the name that others use. */
  readonly tls?: { readonly rejectUnauthorized: false };
}

/** On whose behalf something is asked for. */
export interface Caller {
  /** As shown to other people. */
  readonly name: string;
  /** How they came in. */
  readonly method: "no-auth" | "password" | "ssh-key" | "local-bypass" | "hq-bearer";
  /** The bearer of the next request; undefined where none is asked for. */
  readonly credential: () => Promise<string | undefined>;
}

/** A terminal, as the server shows it. */
export interface NativeTerminal {
  readonly id: string;
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd: string | null;
  readonly status: "created" | "running" | "exited";
  readonly title: string;
  readonly pid: number | null;
  readonly exitCode: number | null;
  readonly cols: number;
  readonly rows: number;
  readonly viewers: number;
  readonly bells: number;
  readonly outputBytes: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly activeAt: number;
  readonly endedAt: number | null;
}

export interface NewNativeTerminal {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly name?: string;
  readonly cols?: number;
  readonly rows?: number;
}

const terminals = "/api/v1/terminals";
type NativeRequest = readonly [method: string, path: string, body?: unknown];

export class NativeApi {
  readonly server: NativeServer;

  constructor(server: NativeServer) {
    this.server = server;
  }

  async list(by: Caller): Promise<Result<readonly NativeTerminal[]>> {
    const answer = await this.#json<{ readonly terminals: readonly NativeTerminal[] }>(by, ["GET", terminals]);
    return answer.ok ? ok(answer.value.terminals) : answer;
  }

  async get(by: Caller, id: string): Promise<Result<NativeTerminal>> {
    return terminalIn(await this.#json(by, ["GET", pathOf(id)]));
  }

  async create(by: Caller, terminal: NewNativeTerminal): Promise<Result<NativeTerminal>> {
    return terminalIn(await this.#json(by, ["POST", terminals, terminal]));
  }

  async rename(by: Caller, id: string, name: string): Promise<Result<NativeTerminal>> {
    return terminalIn(await this.#json(by, ["PATCH", pathOf(id), { name }]));
  }

  async resize(
    by: Caller,
    id: string,
    size: { readonly cols: number; readonly rows: number },
  ): Promise<Result<unknown>> {
    return this.#json(by, ["POST", pathOf(id, "/resize"), size]);
  }

  async type(by: Caller, id: string, text: string): Promise<Result<unknown>> {
    return this.#json(by, ["POST", pathOf(id, "/input"), { text }]);
  }

  async end(by: Caller, id: string): Promise<Result<unknown>> {
    return this.#json(by, ["DELETE", pathOf(id)]);
  }

  async text(by: Caller, id: string): Promise<Result<string>> {
    const answer = await this.#send(by, ["GET", pathOf(id, "/text")]);
    return answer.ok ? ok(await answer.value.text()) : answer;
  }

  /** A password, for a session of its own. Fails with `sign_in_failed` and what else signing in fails with. */
  async signIn(p: {
    readonly name: string;
    readonly password: string;
  }): Promise<Result<{ readonly accessToken: string; readonly refreshToken: string; readonly expiresAt: number }>> {
    return this.#json(undefined, ["POST", "/api/v1/auth/login", { ...p, kind: "program" }]);
  }

  async refresh(
    refreshToken: string,
  ): Promise<Result<{ readonly accessToken: string; readonly refreshToken: string; readonly expiresAt: number }>> {
    return this.#json(undefined, ["POST", "/api/v1/auth/refresh", { refreshToken }]);
  }

  /** For a WebSocket: where, and with which headers. */
  async socketOf(
    by: Caller,
    id: string,
    query: string,
  ): Promise<{ readonly url: string; readonly options: Readonly<Record<string, unknown>> }> {
    const { url, tls } = this.server;
    const token = await by.credential();
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return {
      url: `${url.replace(/^http/, "ws")}${pathOf(id, "/socket")}${query}`,
      options: { headers, ...(tls === undefined ? {} : { tls }) },
    };
  }

  async #json<T>(by: Caller | undefined, request: NativeRequest): Promise<Result<T>> {
    const answer = await this.#send(by, request);
    if (!answer.ok) return answer;
    const text = await answer.value.text();
    return ok((text === "" ? {} : JSON.parse(text)) as T);
  }

  async #send(by: Caller | undefined, [method, path, body]: NativeRequest): Promise<Result<Response>> {
    const { url, tls } = this.server;
    let response: Response;
    try {
      const token = await by?.credential();
      response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(tls === undefined ? {} : { tls }),
      });
    } catch {
      return fail({ code: "unavailable", message: `There is no answer at ${url}.`, hint: "Is the server running?" });
    }
    return response.ok ? ok(response) : fail(await failureOf(response));
  }
}

function pathOf(id: string, rest = ""): string {
  return `${terminals}/${encodeURIComponent(id)}${rest}`;
}

function terminalIn(answer: Result<{ readonly terminal: NativeTerminal }>): Result<NativeTerminal> {
  return answer.ok ? ok(answer.value.terminal) : answer;
}

async function failureOf(response: Response): Promise<WireError> {
  const otherwise: WireError = { code: "unavailable", message: `The server answered ${response.status}.` };
  try {
    const { error } = (await response.json()) as { readonly error?: WireError };
    return error !== undefined && error.code in errorCodes ? error : otherwise;
  } catch {
    return otherwise;
  }
}
