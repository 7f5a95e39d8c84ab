// Reads kubeconfig files: which server a context means, and with what credentials. Format: the `v1.Config` of client-go.
import { parseDocument } from "yaml";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import { asRecord, at, listAt, textAt } from "../objects.ts";
import type { Endpoint, Files } from "../ports.ts";

/** A program that makes credentials, and how it is called. */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** It is told which server it is for. */
  readonly provideClusterInfo: boolean;
  readonly installHint?: string | undefined;
}

export type CredentialSource =
  | { readonly kind: "none" }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "token-file"; readonly path: string }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "exec"; readonly plugin: ExecPlugin };

/** Everything there is to know to reach a cluster. */
export interface ClusterAccess {
  readonly endpoint: Endpoint;
  readonly credentials: CredentialSource;
  /** Of what names none. */
  readonly namespace: string;
  /** Whom requests are made for, where that is not who makes them. */
  readonly impersonate?: Impersonation | undefined;
}

interface Impersonation {
  readonly user: string;
  readonly groups: readonly string[];
}

const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

type Refusal = ReturnType<typeof fail>;

function refused(message: string, hint = "Look at it with `kubectl config view`."): Refusal {
  return fail({ code: "invalid_kubeconfig", message, hint });
}

function decoded(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64.replaceAll(/\s/g, "")), (char) => char.charCodeAt(0)));
}

/** Where a path in a kubeconfig leads that lies in `folder`. */
function within(folder: string, path: string): string {
  return path.startsWith("/") || folder === "" ? path : `${folder}/${path}`;
}

/** A named entry of one of the lists; undefined where there is none. */
function entry(config: unknown, list: string, p: { readonly name: string; readonly field: string }): unknown {
  const found = listAt(config, list).find((each) => textAt(each, "name") === p.name);
  return at(found, p.field);
}

/**
 * What a context of a kubeconfig means; without a name, its current one. Files that it names are read relative to `folder`. The
 * answer holds every certificate and key itself.
 */
export async function readKubeconfig(p: {
  readonly text: string;
  readonly context?: string | undefined;
  readonly folder: string;
  readonly files: Files;
}): Promise<Result<ClusterAccess>> {
  const parsed = parsedYaml(p.text);
  if (!parsed.ok) return parsed;
  const config = parsed.value;
  const name = p.context ?? textAt(config, "current-context") ?? "";
  const context = asRecord(entry(config, "contexts", { name, field: "context" }));
  if (context === undefined) {
    const names = listAt(config, "contexts").map((each) => textAt(each, "name") ?? "");
    const which = name === "" ? "The kubeconfig has no current context" : `There is no context ${JSON.stringify(name)}`;
    return refused(`${which} in the kubeconfig.`, `It has: ${names.join(", ") || "none"}. Name one with --context.`);
  }
  const cluster = entry(config, "clusters", { name: textAt(context, "cluster") ?? "", field: "cluster" });
  if (asRecord(cluster) === undefined)
    return refused(`The context ${JSON.stringify(name)} names a cluster that is not there.`);
  const user = entry(config, "users", { name: textAt(context, "user") ?? "", field: "user" }) ?? {};
  const read = { folder: p.folder, files: p.files };
  const endpoint = await endpointOf(cluster, user, read);
  if (!endpoint.ok) return endpoint;
  const credentials = credentialsOf(user, p.folder);
  if (!credentials.ok) return credentials;
  const as = textAt(user, "as");
  const groups = listAt(user, "as-groups").filter((each) => typeof each === "string");
  // Each would need a header of its own, and requests have one of a name.
  if (groups.length > 1) return refused("The user acts with more than one group.", "Name one group in as-groups.");
  return ok({
    endpoint: endpoint.value,
    credentials: credentials.value,
    namespace: textAt(context, "namespace") ?? "default",
    ...(as === undefined ? {} : { impersonate: { user: as, groups } }),
  });
}

function parsedYaml(text: string): Result<unknown> {
  const document = parseDocument(text, { maxAliasCount: 0 } as object);
  const [problem] = document.errors;
  if (problem !== undefined) {
    const line = problem.linePos?.[0].line;
    return refused(
      `The kubeconfig is not YAML${line === undefined ? "" : `, line ${line}`}: ${firstLine(problem.message)}`,
    );
  }
  return ok(document.toJS({ maxAliasCount: 0 }) as unknown);
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

async function endpointOf(
  cluster: unknown,
  user: unknown,
  read: { readonly folder: string; readonly files: Files },
): Promise<Result<Endpoint>> {
  const server = textAt(cluster, "server") ?? "";
  if (!/^https?:\/\/[^/]/.test(server)) return refused(`The cluster's server ${JSON.stringify(server)} is not a URL.`);
  const parts: Record<string, string> = {};
  for (const [part, of, field] of [
    ["ca", cluster, "certificate-authority"],
    ["cert", user, "client-certificate"],
    ["key", user, "client-key"],
  ] as const) {
    const text = await pemOf(of, field, read);
    if (!text.ok) return text;
    if (text.value !== undefined) parts[part] = text.value;
  }
  if ((parts["cert"] === undefined) !== (parts["key"] === undefined)) {
    return refused("The user has a client certificate without its key, or a key without its certificate.");
  }
  const serverName = textAt(cluster, "tls-server-name");
  const proxyUrl = textAt(cluster, "proxy-url");
  if (proxyUrl !== undefined && !/^https?:\/\/[^/]/.test(proxyUrl)) {
    return refused(
      `The proxy ${JSON.stringify(proxyUrl)} is no http or https URL.`,
      "SOCKS proxies are not supported.",
    );
  }
  return ok({
    server: server.replace(/\/+$/, ""),
    insecure: at(cluster, "insecure-skip-tls-verify") === true,
    ...parts,
    ...(serverName === undefined ? {} : { serverName }),
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
  });
}

/** A certificate or key: in the file itself as base64, or in a file of its own. */
async function pemOf(
  of: unknown,
  field: string,
  { folder, files }: { readonly folder: string; readonly files: Files },
): Promise<Result<string | undefined>> {
  const data = textAt(of, `${field}-data`);
  if (data !== undefined && data !== "") {
    try {
      return ok(decoded(data));
    } catch {
      return refused(`${field}-data is not base64.`);
    }
  }
  const path = textAt(of, field);
  if (path === undefined || path === "") return ok(undefined);
  const text = await files.read(within(folder, path));
  return text === undefined ? refused(`There is no file ${path}, which ${field} names.`) : ok(text);
}

function credentialsOf(user: unknown, folder: string): Result<CredentialSource> {
  const token = textAt(user, "token");
  if (token !== undefined && token !== "") return ok({ kind: "token", token });
  const path = textAt(user, "tokenFile");
  if (path !== undefined && path !== "") return ok({ kind: "token-file", path: within(folder, path) });
  const username = textAt(user, "username");
  if (username !== undefined) return ok({ kind: "basic", username, password: textAt(user, "password") ?? "" });
  const exec = at(user, "exec");
  if (asRecord(exec) !== undefined) return execOf(exec, folder);
  if (at(user, "auth-provider") !== undefined) {
    return refused(
      "The user has an auth-provider, which Kubernetes no longer knows.",
      "Use an exec plugin in its place.",
    );
  }
  return ok({ kind: "none" });
}

function execOf(exec: unknown, folder: string): Result<CredentialSource> {
  const command = textAt(exec, "command") ?? "";
  const apiVersion = textAt(exec, "apiVersion") ?? "";
  if (command === "") return refused("The exec plugin of the user has no command.");
  if (!/^client\.authentication\.k8s\.io\/v1(beta1)?$/.test(apiVersion)) {
    return refused(
      `The exec plugin speaks ${JSON.stringify(apiVersion)}.`,
      "Known are client.authentication.k8s.io/v1 and v1beta1.",
    );
  }
  if (textAt(exec, "interactiveMode") === "Always") {
    return refused(
      "The exec plugin wants to ask somebody, and nobody sits at a server.",
      "Use credentials that need no terminal.",
    );
  }
  const env = listAt(exec, "env").map((each) => [textAt(each, "name") ?? "", textAt(each, "value") ?? ""] as const);
  const installHint = textAt(exec, "installHint");
  return ok({
    kind: "exec",
    plugin: {
      apiVersion,
      // A path is that of the file's folder; a bare name is looked up where programs are.
      command: command.includes("/") ? within(folder, command) : command,
      args: listAt(exec, "args").filter((each) => typeof each === "string"),
      env: Object.fromEntries(env),
      provideClusterInfo: at(exec, "provideClusterInfo") === true,
      ...(installHint === undefined ? {} : { installHint }),
    },
  });
}

/** How a program in a pod reaches the cluster it is in. Source: the environment and files that every pod is given. */
export async function inCluster(p: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: Files;
}): Promise<Result<ClusterAccess>> {
  const host = p.env["KUBERNETES_SERVICE_HOST"];
  const port = p.env["KUBERNETES_SERVICE_PORT"] ?? "443";
  const ca = await p.files.read(`${serviceAccount}/ca.crt`);
  if (host === undefined || ca === undefined) {
    return refused("This is no pod: there is no service account here.", "Give a kubeconfig with --kubeconfig.");
  }
  const namespace = (await p.files.read(`${serviceAccount}/namespace`))?.trim();
  return ok({
    endpoint: { server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`, ca, insecure: false },
    credentials: { kind: "token-file", path: `${serviceAccount}/token` },
    namespace: namespace === undefined || namespace === "" ? "default" : namespace,
  });
}
