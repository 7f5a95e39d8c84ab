// The listener for workers on other machines as it is composed: TLS where it is asked for, and a certificate that is replaced.
import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listenForWorkers } from "./compose-workers.ts";
import type { ServerSettings } from "./config-settings.ts";
import { Rig, Stranger } from "./workers/rig.suite.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-worker-tls-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function certificate(name: string): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const made = Bun.spawnSync(
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=a.example -addext subjectAltName=DNS:a.example"
      .split(" ")
      .concat("-keyout", key, "-out", cert),
    { stderr: "pipe" },
  );
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  return { cert, key };
}

function read(files: { readonly cert: string; readonly key: string }): { readonly cert: string; readonly key: string } {
  return { cert: readFileSync(files.cert, "utf8"), key: readFileSync(files.key, "utf8") };
}

describe("over TLS", () => {
  test("a worker comes in; one that does not speak it does not; a certificate that was replaced is taken", async () => {
    const [first, second] = [certificate("first"), certificate("second")];
    const live = { cert: join(folder, "live.crt"), key: join(folder, "live.key") };
    const put = (pair: typeof live, at: number): void => {
      for (const part of ["cert", "key"] as const) {
        copyFileSync(pair[part], live[part]);
        utimesSync(live[part], at, at);
      }
    };
    put(first, 1);
    await using rig = await Rig.make();
    const noticed = Promise.withResolvers<void>();
    const listener = await listenForWorkers(
      {
        settings: { limits: { tlsCheckMs: 10 } } as unknown as ServerSettings,
        log: (_level, message) => {
          if (message.includes("new certificate")) noticed.resolve();
        },
      },
      { host: "127.0.0.1", port: 0, tls: live },
      () => ({ fleet: async () => rig.fleet }),
    );
    try {
      const worker = await Stranger.connect(listener.port, read(first));
      worker.send("HELLO", { worker_id: "w", capabilities: [], token: await rig.token("w") });
      expect((await worker.next("HELLO_ACK")).payload).toMatchObject({ accepted: true });
      const plain = await Stranger.connect(listener.port);
      plain.send("HELLO", { worker_id: "p", capabilities: [] });
      await plain.untilClosed();
      put(second, 2);
      await noticed.promise;
      const next = await Stranger.connect(listener.port, read(second));
      expect(await worker.ask("STATE_GET", { key: "k" }, "STATE_RESPONSE")).toMatchObject({ ok: true });
      for (const each of [worker, next]) each.destroy();
    } finally {
      listener.stop();
    }
  });
});
