// What a request is signed with: tokens that stay, tokens in files that are replaced, and programs that make them anew.
import type { Clock } from "../../kernel/clock.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import { at, textAt } from "../objects.ts";
import type { Files, ProcessRunner } from "../ports.ts";
import type { ClusterAccess, ExecPlugin } from "./kubeconfig.ts";

export interface Signing {
  readonly headers: Readonly<Record<string, string>>;
  /** A client certificate that a program made. PEM. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface CredentialsOptions {
  readonly access: ClusterAccess;
  readonly files: Files;
  readonly processes: ProcessRunner;
  readonly clock: Pick<Clock, "now">;
  readonly timeoutMs: number;
}

/** Tokens in files are replaced every hour or so; they are read anew after a minute. */
const fileTokenMs = 60_000;
/** A token is not used in its last seconds. */
const expiryMarginMs = 10_000;

/** Signs requests. What a program or a file gave is kept until it expires, or the server refuses it. */
export class Credentials {
  readonly #options: CredentialsOptions;
  #kept: { readonly signing: Signing; readonly until: number } | undefined;
  #making: Promise<Result<Signing>> | undefined;

  constructor(options: CredentialsOptions) {
    this.#options = options;
  }

  async signing(): Promise<Result<Signing>> {
    if (this.#kept !== undefined && this.#kept.until > this.#options.clock.now()) return ok(this.#kept.signing);
    // Many requests at once ask once.
    this.#making ??= this.#make().finally(() => (this.#making = undefined));
    return this.#making;
  }

  /** The server did not take it: the next request gets another. False where there is no other. */
  refused(): boolean {
    this.#kept = undefined;
    const { kind } = this.#options.access.credentials;
    return kind === "exec" || kind === "token-file";
  }

  async #make(): Promise<Result<Signing>> {
    const { access, clock, files } = this.#options;
    const source = access.credentials;
    switch (source.kind) {
      case "none":
        return this.#keep({ headers: {} });
      case "token":
        return this.#keep(bearer(source.token));
      case "basic":
        return this.#keep({ headers: { authorization: `Basic ${btoa(`${source.username}:${source.password}`)}` } });
      case "token-file": {
        const token = (await files.read(source.path))?.trim() ?? "";
        if (token === "") return refused(`There is no token in ${source.path}.`);
        return this.#keep(bearer(token), clock.now() + fileTokenMs);
      }
      default:
        return this.#run(source.plugin);
    }
  }

  #keep(signing: Signing, until = Number.POSITIVE_INFINITY): Result<Signing> {
    const { impersonate } = this.#options.access;
    const as =
      impersonate === undefined ? {} : { "impersonate-user": impersonate.user, ...groupsOf(impersonate.groups) };
    const whole = { ...signing, headers: { ...signing.headers, ...as } };
    this.#kept = { signing: whole, until };
    return ok(whole);
  }

  /** Source of the format: `ExecCredential` of client.authentication.k8s.io. */
  async #run(plugin: ExecPlugin): Promise<Result<Signing>> {
    const { access, processes, timeoutMs, clock } = this.#options;
    const { server, insecure, ca } = access.endpoint;
    const cluster = {
      server,
      "insecure-skip-tls-verify": insecure,
      ...(ca === undefined ? {} : { "certificate-authority-data": btoa(ca) }),
    };
    const spec = { interactive: false, ...(plugin.provideClusterInfo ? { cluster } : {}) };
    const info = JSON.stringify({ apiVersion: plugin.apiVersion, kind: "ExecCredential", spec });
    const env = { ...plugin.env, KUBERNETES_EXEC_INFO: info };
    try {
      const { exitCode, stdout } = await processes.run({ command: plugin.command, args: plugin.args, env, timeoutMs });
      if (exitCode !== 0) return refused(`${plugin.command} ended with ${exitCode}.`, plugin.installHint);
      return this.#madeBy(plugin, stdout, clock.now());
    } catch {
      return refused(`${plugin.command} could not be run, or took longer than ${timeoutMs} ms.`, plugin.installHint);
    }
  }

  #madeBy(plugin: ExecPlugin, stdout: string, now: number): Result<Signing> {
    let status: unknown;
    try {
      status = at(JSON.parse(stdout) as unknown, "status");
    } catch {
      // What it printed may hold a token: it is not repeated.
      return refused(`What ${plugin.command} printed is no JSON.`);
    }
    const token = textAt(status, "token");
    const cert = textAt(status, "clientCertificateData");
    const key = textAt(status, "clientKeyData");
    if (token === undefined && (cert === undefined || key === undefined)) {
      return refused(`${plugin.command} gave neither a token nor a certificate with its key.`);
    }
    const expires = Date.parse(textAt(status, "expirationTimestamp") ?? "");
    if (expires <= now)
      return refused(`The credentials of ${plugin.command} have expired already: look at the clocks.`);
    const signing = token === undefined ? { headers: {} } : bearer(token);
    const certificate = cert === undefined || key === undefined ? {} : { cert, key };
    return this.#keep({ ...signing, ...certificate }, Number.isNaN(expires) ? undefined : expires - expiryMarginMs);
  }
}

function bearer(token: string): Signing {
  return { headers: { authorization: `Bearer ${token}` } };
}

function groupsOf(groups: readonly string[]): Record<string, string> {
  return groups.length === 0 ? {} : { "impersonate-group": groups.join(",") };
}

function refused(message: string, hint?: string): ReturnType<typeof fail> {
  return fail({ code: "cluster_denied", message, ...(hint === undefined ? {} : { hint }) });
}
