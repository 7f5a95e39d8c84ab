// The HTTP API of a running server, for commands: where it is, the token for it, and requests whose failures are told.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { errorCodes } from "@sluice/protocol";
import type { ErrorCode, WireError } from "@sluice/protocol";
import { isLoopbackUrl, isSameServer, localCredential, noCredential, ownTls, tokenCredential } from "./credential.ts";
import type { Credential } from "./credential.ts";
import { CliError, exitCodes, failed } from "./io.ts";
import type { Io } from "./io.ts";
import { serverFile } from "./server-file.ts";

/** Options that every command to a running server takes. */
export interface TargetFlags {
  readonly url?: string;
  readonly token?: string;
  readonly project?: string;
  readonly data?: string;
  readonly json?: boolean;
}

export interface Target {
  /** Without a trailing slash. */
  readonly url: string;
  readonly credential: Credential;
  /** It is this machine's own server, whose certificate is for another name. */
  readonly own: boolean;
}

const defaultUrl = "http://127.0.0.1:7890";

/** The data folder that the flags and the environment name; absolute. */
export function dataFolder(io: Io, flags: Pick<TargetFlags, "data" | "project">): string {
  const data = flags.data ?? io.env["SLUICE_DATA"];
  if (data !== undefined) return resolve(io.cwd, data);
  return join(resolve(io.cwd, flags.project ?? io.env["SLUICE_PROJECT"] ?? "."), ".sluice");
}

/** Which server is meant: `--url`, SLUICE_URL, the one that runs over this project's data folder, or the usual port. */
export function targetOf(io: Io, flags: TargetFlags): Target {
  const data = dataFolder(io, flags);
  const url = (flags.url ?? io.env["SLUICE_URL"] ?? runningServer(data)?.url ?? defaultUrl).replace(/\/+$/, "");
  if (!/^https?:\/\//.test(url)) {
    throw new CliError(exitCodes.misused, {
      code: "bad_request",
      message: `${url} is no URL.`,
      hint: "Such as http://127.0.0.1:7890",
    });
  }
  const known = runningServer(data);
  const own = known !== undefined && isSameServer(known.url, url);
  const given = flags.token ?? io.env["SLUICE_TOKEN"];
  if (given !== undefined && given !== "") return { url, credential: tokenCredential(given), own };
  // What a folder of this machine proves is for the server of that folder, and never leaves this machine.
  const named = [flags.data, flags.project, io.env["SLUICE_DATA"], io.env["SLUICE_PROJECT"]].some(Boolean);
  const beside = own || (named && isLoopbackUrl(url));
  return { url, credential: beside ? localCredential({ url, data }) : noCredential, own };
}

/** The server that said last that it runs over this folder; it may be gone. */
export function runningServer(data: string): { readonly url: string; readonly pid: unknown } | undefined {
  const text = readText(join(data, serverFile));
  if (text === undefined) return undefined;
  const known = parsed(text);
  if (typeof known !== "object" || known === null) return undefined;
  const { url, pid } = known as { readonly url?: unknown; readonly pid?: unknown };
  return typeof url === "string" ? { url, pid } : undefined;
}

/** Undefined for what is no JSON, such as a file that is being written. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

export interface ApiRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: unknown;
  /** A body that is no JSON. The answer may take any time. */
  readonly upload?: { readonly type: string; readonly content: Blob };
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** The answer may take any time. */
  readonly patient?: true;
}

/** Codes that say that the command was given something it cannot take. */
const misuse: ReadonlySet<string> = new Set([
  "bad_request",
  "invalid_json",
  "invalid_duration",
  "invalid_filter",
  "invalid_name",
  "unsupported_media_type",
  "method_not_allowed",
]);

/** Talks to one server. Failures are thrown as `CliError`. */
export class Api {
  readonly target: Target;

  constructor(target: Target) {
    this.target = target;
  }

  /** The decoded body of an answer; undefined where there is none. */
  async json<T>(path: string, request: ApiRequest = {}): Promise<T> {
    const response = await this.send(path, request);
    const text = await response.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** The answer itself, when it is not a failure. */
  async send(
    path: string,
    { method = "GET", body, upload, query = {}, headers = {}, signal, patient }: ApiRequest = {},
  ): Promise<Response> {
    const { url, credential, own } = this.target;
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
    const address = `${url}${path}${search.size === 0 ? "" : `?${search.toString()}`}`;
    let response: Response;
    let token: string | undefined;
    try {
      token = await credential();
      response = await fetch(address, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(upload === undefined ? {} : { "content-type": upload.type }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(upload === undefined ? {} : { body: upload.content, timeout: false }),
        ...(patient === undefined ? {} : { timeout: false }),
        ...(signal === undefined ? {} : { signal }),
        ...ownTls(url, own),
      });
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw failed({
        code: "unavailable",
        message: `There is no answer at ${url}.`,
        hint: "Start a server with `sluice up`, or name one with --url or SLUICE_URL.",
      });
    }
    if (!response.ok) throw await failureOf(response, token !== undefined);
    return response;
  }
}

const nobodyHint =
  "Name the server's project with --project or SLUICE_PROJECT, its data folder with --data, or give a token with --token or SLUICE_TOKEN.";

async function failureOf(response: Response, identified: boolean): Promise<CliError> {
  const told = wireErrorOf(await response.text()) ?? {
    code: "unavailable",
    message: `The server answered ${response.status} without saying why.`,
    hint: "Is it a Sluice server?",
  };
  // Mostly somebody in another folder: there the server's own way in is one flag away.
  const error = told.code === "unauthorized" && !identified ? { ...told, hint: nobodyHint } : told;
  return new CliError(misuse.has(error.code) ? exitCodes.misused : exitCodes.failed, error);
}

function wireErrorOf(text: string): WireError | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== "object" || body === null || !("error" in body)) return undefined;
    const { error } = body;
    // As Prometheus answers: what is wrong is said of the expression.
    if (typeof error === "string" && "errorType" in body) return { code: "invalid_filter", message: error };
    if (typeof error !== "object" || error === null || !("code" in error) || !("message" in error)) return undefined;
    const known = typeof error.code === "string" && error.code in errorCodes;
    return known ? { ...(error as WireError), code: error.code as ErrorCode } : undefined;
  } catch {
    return undefined;
  }
}

/** One segment of a path. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}
