import { describe, expect, test } from "bun:test";
import { clusterLimits } from "../limits.ts";
import { HastyClock, memoryFiles } from "../memory-ports.suite.ts";
import type { TransportAnswer, TransportRequest } from "../ports.ts";
import { ClusterClient } from "./client.ts";
import type { CredentialSource } from "./kubeconfig.ts";

interface Said {
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const clock = (): HastyClock => new HastyClock();

/** A client whose server answers with what is in the list, one after the other; the last one again and again. */
function clientOf(said: readonly (Said | "hangs" | "breaks")[], credentials: CredentialSource = { kind: "none" }) {
  const sent: TransportRequest[] = [];
  const time = clock();
  let tokens = 0;
  const client = new ClusterClient({
    access: { endpoint: { server: "https://c", insecure: false }, credentials, namespace: "default" },
    transport: {
      async send(_endpoint, request) {
        const answer = said[Math.min(sent.length, said.length - 1)];
        sent.push(request);
        if (answer === "hangs") return hanging(request.signal);
        if (answer === "breaks" || answer === undefined) throw new Error("connection reset");
        return spoken(answer);
      },
    },
    files: memoryFiles({ t: "x" }),
    processes: {
      run: async () => ({ exitCode: 0, stderr: "", stdout: JSON.stringify({ status: { token: `t${++tokens}` } }) }),
    },
    clock: time,
    limits: clusterLimits,
  });
  return { client, sent, time };
}

async function hanging(signal: AbortSignal): Promise<TransportAnswer> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
  });
}

function spoken({ status = 200, body = "{}", headers = {} }: Said): TransportAnswer {
  return {
    status,
    header: (name) => headers[name],
    text: async () => body,
    async *chunks() {
      for (let from = 0; from < body.length; from += 3) yield new TextEncoder().encode(body.slice(from, from + 3));
    },
  };
}

test("a request carries query, body and content type, and the answer is JSON", async () => {
  const { client, sent } = clientOf([{ body: '{"a":1}', headers: { date: "Thu, 01 Jan 1970 00:00:01 GMT" } }]);
  const answer = await client.json({
    method: "POST",
    path: "/p",
    query: { a: "x y", b: undefined, c: true },
    body: [1],
  });
  expect(answer).toEqual({ ok: true, value: { status: 200, body: { a: 1 } } });
  expect(sent[0]).toMatchObject({
    method: "POST",
    path: "/p?a=x%20y&c=true",
    body: "[1]",
    headers: { "content-type": "application/json", accept: "application/json" },
  });
  expect(client.clockSkewMs).toBe(1_000 - 1_700_000_000_000);
});

describe("asked again is", () => {
  const busy = { status: 429, headers: { "retry-after": "2" } };

  test("what the server had no time for, when it says, and not for ever", async () => {
    const { client, sent, time } = clientOf([busy, busy, {}]);
    const began = time.now();
    expect((await client.json({ method: "DELETE", path: "/" })).ok).toBe(true);
    expect([sent.length, time.now() - began]).toEqual([3, 4_000]);
    const never = clientOf([busy]);
    expect(await never.client.json({ path: "/" })).toMatchObject({ error: { code: "cluster_busy" } });
    expect(never.sent).toHaveLength(clusterLimits.retriesMax + 1);
  });

  test("a read that met a 503, never a change", async () => {
    const down = { status: 503 };
    expect((await clientOf([down, {}]).client.json({ path: "/" })).ok).toBe(true);
    const change = clientOf([down, {}]);
    expect((await change.client.json({ method: "PATCH", path: "/", body: {} })).ok).toBe(false);
    expect(change.sent).toHaveLength(1);
  });

  test("once with new credentials where the old ones were refused", async () => {
    const plugin = { apiVersion: "v1", command: "x", args: [], env: {}, provideClusterInfo: false };
    const { client, sent } = clientOf([{ status: 401 }, {}], { kind: "exec", plugin });
    expect((await client.json({ path: "/" })).ok).toBe(true);
    expect(sent.map(({ headers }) => headers["authorization"])).toEqual(["Bearer t1", "Bearer t2"]);
    const fixed = clientOf([{ status: 401 }], { kind: "token", token: "t" });
    expect(await fixed.client.json({ path: "/" })).toMatchObject({ error: { code: "cluster_denied" } });
    expect(fixed.sent).toHaveLength(1);
  });
});

describe("a failure", () => {
  test("says whether nobody answered or somebody hangs", async () => {
    expect(await clientOf(["breaks"]).client.json({ path: "/" })).toMatchObject({
      error: { code: "cluster_unreachable", message: expect.stringContaining("connection reset") },
    });
    expect(await clientOf(["hangs"]).client.json({ path: "/", timeoutMs: 50 })).toMatchObject({
      error: { code: "cluster_timeout", message: expect.stringContaining("50 ms") },
    });
  });

  test("comes at once when nobody wants the answer any more", async () => {
    const { client } = clientOf([{ status: 429, headers: { "retry-after": "9999" } }]);
    const stop = new AbortController();
    stop.abort();
    expect((await client.json({ path: "/", signal: stop.signal })).ok).toBe(false);
  });

  test("an answer that is too large is not kept", async () => {
    const body = "x".repeat(10);
    const small = new ClusterClient({
      access: clientOf([]).client.access,
      transport: { send: async () => spoken({ body }) },
      files: memoryFiles({}),
      processes: { run: () => Promise.reject(new Error("none")) },
      clock: clock(),
      limits: { ...clusterLimits, answerBytesMax: 9 },
    });
    expect(await small.json({ path: "/" })).toMatchObject({ error: { code: "payload_too_large" } });
  });
});

test("lines arrive whole, however the answer is cut", async () => {
  const lines: string[] = [];
  const { client } = clientOf([{ body: '{"a":1}\n\n{"b":22}\nrest' }]);
  const { signal } = new AbortController();
  expect((await client.lines({ path: "/", signal }, (line) => lines.push(line))).ok).toBe(true);
  expect(lines).toEqual(['{"a":1}', '{"b":22}']);
  expect(await clientOf([{ body: "log" }]).client.text({ path: "/" })).toEqual({ ok: true, value: "log" });
});
