import { expect, test } from "bun:test";
import { memoryFiles } from "../memory-ports.suite.ts";
import type { Files, ProcessResult, ProcessRunner } from "../ports.ts";
import { Credentials } from "./credentials.ts";
import type { ClusterAccess, CredentialSource } from "./kubeconfig.ts";

const plugin = {
  apiVersion: "client.authentication.k8s.io/v1",
  command: "login",
  args: [],
  env: { A: "1" },
  provideClusterInfo: true,
  installHint: "Install login.",
};

class Bench {
  now = 1_000_000;
  files: Files = memoryFiles({});
  readonly ran: { readonly env: Readonly<Record<string, string>> }[] = [];
  answer: () => ProcessResult = () => ({ exitCode: 0, stdout: "{}", stderr: "" });

  of(credentials: CredentialSource, rest: Partial<ClusterAccess> = {}): Credentials {
    const processes: ProcessRunner = {
      run: async (p) => {
        this.ran.push(p);
        return this.answer();
      },
    };
    return new Credentials({
      access: {
        endpoint: { server: "https://c", insecure: false, ca: "CA" },
        credentials,
        namespace: "default",
        ...rest,
      },
      files: { read: (path) => this.files.read(path), list: (path) => this.files.list(path) },
      processes,
      clock: { now: () => this.now },
      timeoutMs: 5,
    });
  }

  gives(status: unknown): void {
    this.answer = () => ({ exitCode: 0, stdout: JSON.stringify({ status }), stderr: "" });
  }
}

test("tokens, names and whom to act for become headers", async () => {
  const bench = new Bench();
  expect(await bench.of({ kind: "token", token: "t" }).signing()).toMatchObject({
    value: { headers: { authorization: "Bearer t" } },
  });
  expect(await bench.of({ kind: "basic", username: "a", password: "b" }).signing()).toMatchObject({
    value: { headers: { authorization: `Basic ${btoa("a:b")}` } },
  });
  const acting = bench.of({ kind: "none" }, { impersonate: { user: "ada", groups: ["dev"] } });
  expect(await acting.signing()).toEqual({
    ok: true,
    value: { headers: { "impersonate-user": "ada", "impersonate-group": "dev" } },
  });
});

test("a token in a file is read again after a minute, or when it was refused", async () => {
  const bench = new Bench();
  const credentials = bench.of({ kind: "token-file", path: "t" });
  const shown = async () => ((await credentials.signing()) as { value: { headers: object } }).value.headers;
  expect(await credentials.signing()).toMatchObject({ ok: false, error: { code: "cluster_denied" } });
  bench.files = memoryFiles({ t: "one\n" });
  expect(await shown()).toEqual({ authorization: "Bearer one" });
  bench.files = memoryFiles({ t: "two" });
  expect(await shown()).toEqual({ authorization: "Bearer one" });
  bench.now += 60_000;
  expect(await shown()).toEqual({ authorization: "Bearer two" });
  bench.files = memoryFiles({ t: "three" });
  expect(credentials.refused()).toBe(true);
  expect(await shown()).toEqual({ authorization: "Bearer three" });
  expect(bench.of({ kind: "token", token: "t" }).refused()).toBe(false);
});

test("a program is run once for many, told of its cluster, and again when what it gave expires", async () => {
  const bench = new Bench();
  const credentials = bench.of({ kind: "exec", plugin });
  bench.gives({ token: "t", expirationTimestamp: new Date(bench.now + 20_000).toISOString() });
  await Promise.all([credentials.signing(), credentials.signing()]);
  expect(await credentials.signing()).toMatchObject({ value: { headers: { authorization: "Bearer t" } } });
  expect(bench.ran).toHaveLength(1);
  const env = bench.ran[0]?.env ?? {};
  expect(env["A"]).toBe("1");
  expect(JSON.parse(env["KUBERNETES_EXEC_INFO"] ?? "")).toMatchObject({
    kind: "ExecCredential",
    spec: { interactive: false, cluster: { server: "https://c", "certificate-authority-data": btoa("CA") } },
  });
  bench.now += 10_000;
  bench.gives({
    clientCertificateData: "CERT",
    clientKeyData: "KEY",
    expirationTimestamp: new Date(bench.now + 60_000).toISOString(),
  });
  expect(await credentials.signing()).toMatchObject({ value: { cert: "CERT", key: "KEY" } });
  expect(bench.ran).toHaveLength(2);
});

test("a program that fails says how, and nothing of what it printed", async () => {
  const bench = new Bench();
  const credentials = bench.of({ kind: "exec", plugin });
  const refused = async (message: string) =>
    expect(await credentials.signing()).toMatchObject({
      ok: false,
      error: { code: "cluster_denied", message: expect.stringContaining(message) },
    });
  bench.answer = () => ({ exitCode: 3, stdout: "secret", stderr: "secret" });
  await refused("login ended with 3");
  bench.answer = () => ({ exitCode: 0, stdout: "secret", stderr: "" });
  await refused("no JSON");
  expect(JSON.stringify(await credentials.signing())).not.toContain("secret");
  bench.gives({});
  await refused("neither a token nor a certificate");
  bench.gives({ token: "t", expirationTimestamp: new Date(bench.now - 1).toISOString() });
  await refused("expired already");
  bench.answer = () => {
    throw new Error("no such program");
  };
  await refused("could not be run");
  expect(await credentials.signing()).toMatchObject({ error: { hint: "Install login." } });
});
