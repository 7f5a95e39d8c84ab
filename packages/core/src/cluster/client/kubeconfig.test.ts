import { describe, expect, test } from "bun:test";
import { memoryFiles } from "../memory-ports.suite.ts";
import { inCluster, readKubeconfig } from "./kubeconfig.ts";

const config = (user: string, cluster = "server: https://c.example:6443/") => `
apiVersion: v1
kind: Config
current-context: one
clusters:
- { name: c, cluster: { ${cluster} } }
contexts:
- { name: one, context: { cluster: c, user: u, namespace: shop } }
- { name: two, context: { cluster: gone, user: u } }
users:
- { name: u, user: { ${user} } }
`;

const read = (text: string, context?: string, files: Record<string, string> = {}) =>
  readKubeconfig({ text, context, folder: "/etc/k", files: memoryFiles(files) });

describe("a context", () => {
  test("gives server, namespace and a token", async () => {
    expect(await read(config("token: abc"))).toEqual({
      ok: true,
      value: {
        endpoint: { server: "https://c.example:6443", insecure: false },
        credentials: { kind: "token", token: "abc" },
        namespace: "shop",
      },
    });
  });

  test("brings certificates along, from itself or from files beside it", async () => {
    const cluster = `server: "https://c", certificate-authority-data: ${btoa("CA")}, tls-server-name: x, proxy-url: "http://p:1"`;
    const access = await read(config("client-certificate: u.crt, client-key: /keys/u.key", cluster), "one", {
      "/etc/k/u.crt": "CERT",
      "/keys/u.key": "KEY",
    });
    expect(access).toMatchObject({
      value: {
        endpoint: { ca: "CA", cert: "CERT", key: "KEY", serverName: "x", proxyUrl: "http://p:1" },
        credentials: { kind: "none" },
      },
    });
  });

  test("names the program that makes credentials, and whom to act for", async () => {
    const exec =
      'exec: { apiVersion: client.authentication.k8s.io/v1, command: ./bin/login, args: [a], env: [{name: X, value: "1"}], provideClusterInfo: true }';
    expect(await read(config(`${exec}, as: ada, as-groups: [dev]`))).toMatchObject({
      value: {
        credentials: {
          kind: "exec",
          plugin: { command: "/etc/k/./bin/login", args: ["a"], env: { X: "1" }, provideClusterInfo: true },
        },
        impersonate: { user: "ada", groups: ["dev"] },
      },
    });
    expect(await read(config("tokenFile: t"))).toMatchObject({ value: { credentials: { path: "/etc/k/t" } } });
    expect(await read(config("username: a, password: b"))).toMatchObject({ value: { credentials: { kind: "basic" } } });
  });
});

describe("refused with a reason", () => {
  test.each([
    [config("token: a"), "three", 'no context "three"'],
    [config("token: a"), "two", "names a cluster that is not there"],
    [config("token: a", "server: ftp://x"), "one", "is not a URL"],
    [config("token: a", 'server: "https://x", proxy-url: "socks5://p"'), "one", "no http or https URL"],
    [config("client-certificate-data: '%%%', client-key-data: QQ=="), "one", "is not base64"],
    [config("client-certificate: gone.crt, client-key: gone.key"), "one", "no file gone.crt"],
    [config("client-key-data: QQ=="), "one", "without its certificate"],
    [config("exec: { apiVersion: v9, command: x }"), "one", "speaks"],
    [
      config("exec: { apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always }"),
      "one",
      "ask",
    ],
    [config("auth-provider: { name: gcp }"), "one", "auth-provider"],
    [config("token: t, as: ada, as-groups: [a, b]"), "one", "more than one group"],
    ["current-context: [", "one", "not YAML, line 1"],
    ["a: 1", undefined, "no current context"],
  ])("%#", async (text, context, message) => {
    expect(await read(text, context)).toMatchObject({
      ok: false,
      error: { code: "invalid_kubeconfig", message: expect.stringContaining(message) },
    });
  });
});

test("a pod reaches its own cluster, and what is no pod is told so", async () => {
  const folder = "/var/run/secrets/kubernetes.io/serviceaccount";
  const files = memoryFiles({ [`${folder}/ca.crt`]: "CA", [`${folder}/namespace`]: "shop\n" });
  const env = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "6443" };
  expect(await inCluster({ env, files })).toEqual({
    ok: true,
    value: {
      endpoint: { server: "https://[fd00::1]:6443", ca: "CA", insecure: false },
      credentials: { kind: "token-file", path: `${folder}/token` },
      namespace: "shop",
    },
  });
  expect(await inCluster({ env: {}, files })).toMatchObject({ error: { code: "invalid_kubeconfig" } });
});
