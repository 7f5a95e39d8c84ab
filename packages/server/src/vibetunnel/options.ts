// What the face is started with: VibeTunnel's flags and variables of the environment that mean something here.
import { fail, ok } from "@sluice/core";
import type { Result } from "@sluice/core";

export interface FaceOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** False: everybody who reaches it is let in; on loopback only. */
  readonly authentication: boolean;
  readonly sshKeys: boolean;
  readonly passwords: boolean;
  /** Requests of this machine's own programs are let in, with this token where there is one. */
  readonly localBypass: boolean;
  readonly localToken: string | undefined;
  /** A name and a password of the listener's own. */
  readonly login: { readonly name: string; readonly password: string } | undefined;
  /** Signs the listener's tokens; made anew at each start where there is none. */
  readonly jwtSecret: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Folders in which files are shown and changed. */
  readonly roots: readonly string[];
  /** Where uploads and what the face remembers lie. */
  readonly folder: string;
  /** The web client, as its package has it; undefined: none is served. */
  readonly client: string | undefined;
  /** Others register here. */
  readonly hq: boolean;
  /** Where this one registers, as itself. */
  readonly register: HqRegistration | undefined;
}

export interface HqRegistration {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly name: string;
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/;
const secretCharsMin = 32;

/** Refuses what would let strangers in. */
export function checkOptions(options: FaceOptions): Result<FaceOptions> {
  const problem = problemOf(options);
  return problem === undefined ? ok(options) : fail({ code: "invalid_config", ...problem });
}

function problemOf(options: FaceOptions): { readonly message: string; readonly hint: string } | undefined {
  const { host, authentication, jwtSecret, register } = options;
  if (!authentication && !loopback.test(host))
    return {
      message: `--no-auth on ${host} would give everybody in the network a shell.`,
      hint: "Leave --no-auth out, or listen on 127.0.0.1.",
    };
  if (jwtSecret !== undefined && jwtSecret.length < secretCharsMin)
    return {
      message: `JWT_SECRET has fewer than ${secretCharsMin} characters.`,
      hint: "Leave it out: a key is made at each start.",
    };
  if (register !== undefined && !URL.canParse(register.url))
    return { message: `--hq-url ${JSON.stringify(register.url)} is no URL.`, hint: "Such as https://hq.example." };
  if (register?.url.startsWith("https:") === false && !loopback.test(new URL(register.url).hostname))
    return {
      message: "--hq-url would send a password unencrypted.",
      hint: "Use https, or --allow-insecure-hq where nobody listens.",
    };
  return undefined;
}
