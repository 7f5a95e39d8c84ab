// The API as typed calls: `await api("listRuns", { query: { status: "failed" } })`. Failures are thrown as `ApiError`,
// with the server's code and hint.
import type { ErrorCode, WireError } from "@sluice/protocol";
import { apiPaths } from "./api-paths.ts";
import type { Api } from "./api-table.ts";
import { takeEarly } from "./shell/early.ts";

export type ApiRoute = keyof Api;
export type Answer<R extends ApiRoute> = Api[R]["answer"];

type QueryValue = string | number | boolean | readonly string[] | null | undefined;
type Params<R extends ApiRoute> = [Api[R]["params"]] extends [never]
  ? { readonly params?: undefined }
  : { readonly params: Readonly<Record<Api[R]["params"], string>> };
type Sent<R extends ApiRoute> = [Api[R]["request"]] extends [undefined]
  ? { readonly body?: undefined }
  : { readonly body: Api[R]["request"] };

/** What a call takes. A list in `query` goes out with commas between; null, undefined and "" are left out. */
export type ApiOptions<R extends ApiRoute> = Params<R> &
  Sent<R> & {
    readonly query?: { readonly [Name in Api[R]["query"]]?: QueryValue } | undefined;
    readonly headers?: Readonly<Record<string, string>> | undefined;
    readonly signal?: AbortSignal | undefined;
  };

/** The options as an argument that can be left out where nothing is asked for. */
export type ApiArgs<R extends ApiRoute> =
  { readonly signal?: undefined } extends ApiOptions<R> ? [ApiOptions<R>?] : [ApiOptions<R>];

/** `unreachable`: no answer came. `unexpected`: something else than the API answered. */
export type ApiErrorCode = ErrorCode | "unreachable" | "unexpected";

/** A call that failed. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;
  /** Of the answer; 0 without one. */
  readonly status: number;
  readonly hint: string | undefined;
  readonly details: unknown;

  constructor(p: {
    code: ApiErrorCode;
    status: number;
    message: string;
    hint?: string | undefined;
    details?: unknown;
  }) {
    super(p.message);
    this.name = "ApiError";
    this.code = p.code;
    this.status = p.status;
    this.hint = p.hint;
    this.details = p.details;
  }
}

/** What a path of the table becomes with these parameters. */
function urlOf(pattern: string, options: { readonly params?: unknown; readonly query?: unknown }): string {
  const params = (options.params ?? {}) as Readonly<Record<string, string>>;
  const path = pattern.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries((options.query ?? {}) as Readonly<Record<string, QueryValue>>)) {
    const text = Array.isArray(value) ? value.join(",") : value;
    if (text !== undefined && text !== null && text !== "") search.set(name, String(text));
  }
  const query = search.toString();
  return query === "" ? path : `${path}?${query}`;
}

/** URL of a GET route, for links and downloads. */
export function apiUrl<R extends ApiRoute>(route: R, ...[options]: ApiArgs<R>): string {
  const [, pattern = ""] = apiPaths[route].split(" ");
  return urlOf(pattern, options ?? {});
}

/** Calls a route. Rejects with an `ApiError`, or with the signal's reason when that aborts it. */
export async function api<R extends ApiRoute>(route: R, ...[options]: ApiArgs<R>): Promise<Answer<R>> {
  const [method = "GET", pattern = ""] = apiPaths[route].split(" ");
  const given: {
    body?: unknown;
    headers?: Readonly<Record<string, string>> | undefined;
    signal?: AbortSignal | undefined;
  } = options ?? {};
  const headers: Record<string, string> = { accept: "application/json", ...given.headers };
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (given.signal !== undefined) init.signal = given.signal;
  if (given.body !== undefined) {
    headers["content-type"] = "application/json";
    init.body = JSON.stringify(given.body);
  }
  const response = await send(urlOf(pattern, options ?? {}), init);
  if (!response.ok) throw await failureOf(response);
  if (response.status === 204) return undefined;
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  const body: unknown = isJson ? await response.json() : await response.text();
  return body;
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    const early = init.method === "GET" ? takeEarly(url) : undefined;
    return await (early ?? fetch(url, init));
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new ApiError({
      code: "unreachable",
      status: 0,
      message: "The server does not answer.",
      hint: "It may be starting again. What you see is what it said last.",
    });
  }
}

async function failureOf(response: Response): Promise<ApiError> {
  const { status } = response;
  let error: WireError | undefined;
  try {
    ({ error } = (await response.json()) as { error?: WireError });
  } catch {
    // Not the API's own words: a proxy in between, say. Said below.
  }
  if (typeof error?.code === "string") return new ApiError({ ...error, status });
  return new ApiError({
    code: "unexpected",
    status,
    message: `The server answered ${status} ${response.statusText}`.trim(),
    hint: "Something between here and the server may have answered in its place.",
  });
}

/** Any thrown value as an `ApiError`, so that it can be shown. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError({
    code: "unexpected",
    status: 0,
    message: error instanceof Error ? error.message : String(error),
    hint: "This looks like a fault of the console itself. Loading the page again may help.",
  });
}
