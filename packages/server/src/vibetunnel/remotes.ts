// With `--hq`: other servers that have registered here. Their sessions are in this one's list, and requests for them are passed on.
import type { Clock } from "@sluice/core";
import { answer, problem } from "./answers.ts";

export interface Remote {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly token: string;
  /** ISO 8601. */
  readonly registeredAt: string;
  readonly sessionIds: ReadonlySet<string>;
}

const remotesMax = 200;
const listMsMax = 5_000;
const forwardMsMax = 10_000;
/** What of a request goes along. */
const passedHeaders = ["content-type", "accept", "range", "if-none-match"];

export class Remotes {
  readonly #clock: Pick<Clock, "now">;
  readonly #remotes = new Map<string, Remote>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  list(): readonly Remote[] {
    return [...this.#remotes.values()];
  }

  /** Undefined when one of that id or name is there, or too many. */
  register(p: Pick<Remote, "id" | "name" | "url" | "token">): Remote | undefined {
    const taken = this.#remotes.has(p.id) || this.list().some(({ name }) => name === p.name);
    if (taken || this.#remotes.size >= remotesMax) return undefined;
    const registeredAt = new Date(this.#clock.now()).toISOString();
    const remote: Remote = { ...p, url: p.url.replace(/\/+$/, ""), registeredAt, sessionIds: new Set() };
    this.#remotes.set(p.id, remote);
    return remote;
  }

  remove(id: string): boolean {
    return this.#remotes.delete(id);
  }

  /** Asks one of that name anew; undefined when there is none, or no answer. */
  async refresh(name: string): Promise<number | undefined> {
    const remote = this.list().find((each) => each.name === name);
    return remote === undefined ? undefined : (await this.#sessionsOf(remote))?.length;
  }

  /** Of all of them. One that does not answer has none. */
  async sessions(): Promise<readonly object[]> {
    const all = await Promise.all(
      this.list().map(async (remote) => {
        const sessions = (await this.#sessionsOf(remote)) ?? [];
        const { id: remoteId, name: remoteName, url: remoteUrl } = remote;
        return sessions.map((session) => ({ ...session, source: "remote", remoteId, remoteName, remoteUrl }));
      }),
    );
    return all.flat();
  }

  /** Whoever has a session, as far as is known. */
  of(session: string): Remote | undefined {
    return this.list().find(({ sessionIds }) => sessionIds.has(session));
  }

  /** A new session there. */
  async create(id: string, body: Readonly<Record<string, unknown>>): Promise<Response> {
    const remote = this.#remotes.get(id);
    if (remote === undefined) return problem(404, "Remote server not found");
    // Without the id, which would send it round in circles.
    const { remoteId: _left, ...rest } = body;
    const response = await this.#fetch(remote, "/api/sessions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(rest),
    });
    if (response === undefined) return problem(503, "Failed to reach remote server");
    const made = (await response.json().catch(() => ({}))) as { readonly sessionId?: unknown };
    if (typeof made.sessionId === "string") this.#know(remote, [...remote.sessionIds, made.sessionId]);
    return answer(made, response.status);
  }

  /** A request for a session of theirs. */
  async forward(remote: Remote, request: Request, path: string): Promise<Response> {
    const headers = new Headers();
    for (const name of passedHeaders) {
      const value = request.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    const hasBody = request.method !== "GET" && request.method !== "HEAD";
    const body = hasBody ? await request.arrayBuffer() : undefined;
    const isStream = path.includes("/stream");
    const response = await this.#fetch(remote, path, {
      method: request.method,
      headers,
      ...(body === undefined ? {} : { body }),
      ...(isStream ? { msMax: Infinity } : {}),
    });
    if (response === undefined) return problem(503, "Failed to reach remote server");
    const type = response.headers.get("content-type");
    return new Response(response.body, {
      status: response.status,
      headers: { "x-content-type-options": "nosniff", ...(type === null ? {} : { "content-type": type }) },
    });
  }

  async #sessionsOf(remote: Remote): Promise<readonly { readonly id: string }[] | undefined> {
    const response = await this.#fetch(remote, "/api/sessions", { msMax: listMsMax });
    if (response?.ok !== true) return undefined;
    const listed: unknown = await response.json().catch(() => undefined);
    if (!Array.isArray(listed)) return undefined;
    const sessions = listed.filter(
      (each): each is { readonly id: string } => typeof (each as { readonly id?: unknown } | null)?.id === "string",
    );
    this.#know(
      remote,
      sessions.map(({ id }) => id),
    );
    return sessions;
  }

  #know(remote: Remote, ids: readonly string[]): void {
    if (this.#remotes.has(remote.id)) this.#remotes.set(remote.id, { ...remote, sessionIds: new Set(ids) });
  }

  async #fetch(
    { url, token }: Remote,
    path: string,
    { msMax = forwardMsMax, ...request }: RequestInit & { readonly msMax?: number },
  ): Promise<Response | undefined> {
    const headers = new Headers(request.headers);
    headers.set("authorization", `Bearer ${token}`);
    try {
      // Nothing that a remote says sends the token anywhere else.
      const signal = msMax === Infinity ? undefined : AbortSignal.timeout(msMax);
      return await fetch(`${url}${path}`, {
        ...request,
        headers,
        redirect: "manual",
        ...(signal === undefined ? {} : { signal }),
      });
    } catch {
      return undefined;
    }
  }
}

/** Shown without its token. */
export function shownRemote({ token: _secret, sessionIds, ...shown }: Remote): object {
  return { ...shown, sessionIds: [...sessionIds] };
}
