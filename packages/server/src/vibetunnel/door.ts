// Who may come in by the face, and as whom: nobody has to be known with `--no-auth`; otherwise passwords of the server's own users, one pair
// of name and password of the listener's, SSH keys, and this machine's own programs.
import { createHmac, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import type { Clock } from "@sluice/core";
import { Rates } from "../rate-limit.ts";
import { ListenerTokens } from "./listener-tokens.ts";
import type { Caller, NativeApi } from "./native.ts";
import type { FaceOptions } from "./options.ts";
import { SshSignIn } from "./ssh-keys.ts";

export interface SignedIn {
  readonly token: string;
  readonly userId: string;
}

const sessionsMax = 1_000;
const signInsPerMinute = 10;
const addressesMax = 10_000;
/** A session of the server is renewed this long before its end. */
const renewMs = 30_000;
const loopbackAddress = /^(?:127(?:\.\d{1,3}){3}|::1|::ffff:127(?:\.\d{1,3}){3})$/;

export interface DoorParts {
  readonly native: NativeApi;
  readonly options: FaceOptions;
  readonly clock: Clock;
  /** The bearer of whoever runs the face; undefined: none is asked for. */
  readonly operator: () => Promise<string | undefined>;
}

export class Door {
  readonly #p: DoorParts;
  readonly #tokens: ListenerTokens;
  readonly ssh: SshSignIn;
  readonly #sessions = new Map<string, Caller>();
  readonly #rates: Rates;
  /** For remote servers that are told to come back. */
  readonly hqToken = randomBytes(32).toString("base64url");

  constructor(p: DoorParts) {
    this.#p = p;
    const { jwtSecret } = p.options;
    const key = jwtSecret === undefined ? randomBytes(32) : new TextEncoder().encode(jwtSecret);
    this.#tokens = new ListenerTokens({ key, audience: `terminals:${randomUUID()}`, now: () => p.clock.now() });
    this.ssh = new SshSignIn({ clock: p.clock, authorizedKeys: join(homedir(), ".ssh", "authorized_keys") });
    this.#rates = new Rates({
      clock: p.clock,
      perSecond: signInsPerMinute / 60,
      capacity: signInsPerMinute,
      entriesMax: addressesMax,
    });
  }

  /** The user that the face runs as. */
  get systemUser(): string {
    return userInfo().username;
  }

  /** Milliseconds until the next try to sign in from there; 0: now. */
  waitMs(address: string | undefined): number {
    return this.#rates.take(address ?? "");
  }

  /** By what a request carries; undefined: they have to sign in. */
  async admit(request: Request, address: string | undefined): Promise<Caller | undefined> {
    const { options } = this.#p;
    if (!options.authentication) return this.#operator("no-auth-user", "no-auth");
    if (options.localBypass && this.#isLocal(request, address)) return this.#operator("local-user", "local-bypass");
    const token = tokenIn(request);
    if (token === undefined) return undefined;
    if (options.register !== undefined && isSame(token, this.hqToken)) return this.#operator("hq", "hq-bearer");
    const read = await this.#tokens.read(token);
    return read === undefined ? undefined : this.#sessions.get(read.id);
  }

  /** The name of whoever a token is for; undefined when it is good for nothing. */
  async userOf(token: string): Promise<string | undefined> {
    const read = await this.#tokens.read(token);
    return read !== undefined && this.#sessions.has(read.id) ? read.user : undefined;
  }

  async withPassword(name: string, password: string): Promise<SignedIn | undefined> {
    const { options, native } = this.#p;
    const { login } = options;
    if (login !== undefined) {
      const fits = isSame(name, login.name) && isSame(password, login.password);
      if (fits) return this.#begin(this.#operator(name, "password"));
    }
    if (!options.passwords) return undefined;
    const signedIn = await native.signIn({ name, password });
    return signedIn.ok ? this.#begin(this.#user(name, signedIn.value)) : undefined;
  }

  /** The key is that of the user whom the face runs as: they could read the server's own keys. */
  async withKey(p: Parameters<SshSignIn["verify"]>[0]): Promise<SignedIn | undefined> {
    const user = this.#p.options.sshKeys ? await this.ssh.verify(p) : undefined;
    return user === undefined ? undefined : this.#begin(this.#operator(user, "ssh-key"));
  }

  /** The token is good for nothing from now on. */
  async leave(token: string): Promise<void> {
    const read = await this.#tokens.read(token);
    if (read !== undefined) this.#sessions.delete(read.id);
  }

  async #begin(caller: Caller): Promise<SignedIn> {
    if (this.#sessions.size >= sessionsMax) this.#sessions.delete([...this.#sessions.keys()][0] ?? "");
    const id = randomUUID();
    this.#sessions.set(id, caller);
    return { token: await this.#tokens.make(caller.name, id), userId: caller.name };
  }

  #operator(name: string, method: Caller["method"]): Caller {
    return { name, method, credential: this.#p.operator };
  }

  /** As a user of the server: what they may do is decided there, each time. */
  #user(
    name: string,
    first: { readonly accessToken: string; readonly refreshToken: string; readonly expiresAt: number },
  ): Caller {
    const { native, clock } = this.#p;
    let session = Promise.resolve(first);
    let until = Math.min(first.expiresAt, expiryOf(first.accessToken));
    const renew = async (): Promise<typeof first> => {
      const before = await session;
      const renewed = await native.refresh(before.refreshToken);
      return renewed.ok ? renewed.value : before;
    };
    return {
      name,
      method: "password",
      credential: async () => {
        if (clock.now() > until - renewMs) {
          until = Infinity;
          session = renew();
          const renewed = await session;
          until = expiryOf(renewed.accessToken);
        }
        return (await session).accessToken;
      },
    };
  }

  #isLocal(request: Request, address: string | undefined): boolean {
    const { headers } = request;
    const isDirect = ["x-forwarded-for", "x-real-ip", "x-forwarded-host", "forwarded"].every(
      (each) => !headers.has(each),
    );
    if (!isDirect || address === undefined || !loopbackAddress.test(address)) return false;
    const { localToken } = this.#p.options;
    return localToken === undefined || isSame(headers.get("x-vibetunnel-local") ?? "", localToken);
  }
}

/** Of a bearer, or of the query, where event streams and sockets of browsers have no other place for it. */
function tokenIn(request: Request): string | undefined {
  const authorization = request.headers.get("authorization");
  if (authorization?.startsWith("Bearer ") === true) return authorization.slice("Bearer ".length).trim();
  return new URL(request.url).searchParams.get("token") ?? undefined;
}

/** In a time that says nothing about where they differ. */
function isSame(given: string, expected: string): boolean {
  const key = randomBytes(16);
  const digest = (text: string): Buffer => createHmac("sha256", key).update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** Milliseconds since 1970, as the token itself says; it was just given out by the server. */
function expiryOf(accessToken: string): number {
  try {
    const claims: unknown = JSON.parse(Buffer.from(accessToken.split(".")[1] ?? "", "base64url").toString());
    const { exp } = claims as { readonly exp?: unknown };
    return typeof exp === "number" ? exp * 1_000 : Infinity;
  } catch {
    return Infinity;
  }
}
