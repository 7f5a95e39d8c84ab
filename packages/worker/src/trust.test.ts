// Servers whose certificate nobody has signed but oneself: refused without it, reached with it, by WebSocket and by requests for files.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dialWebSocket } from "./dial-websocket.ts";
import { trusting } from "./trust.node.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-trust-"));
const file = (name: string) => join(folder, name);
let server: Bun.Server<undefined> | undefined;
const hasOpenssl = Bun.which("openssl") !== null;

beforeAll(() => {
  if (!hasOpenssl) return;
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const made = ["-days", "1", "-keyout", file("key.pem"), "-out", file("cert.pem")];
  Bun.spawnSync(["openssl", "req", "-x509", ...key, ...names, ...made]);
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: { cert: Bun.file(file("cert.pem")), key: Bun.file(file("key.pem")) },
    fetch: (request, own) => (own.upgrade(request) ? undefined : new Response("a file")),
    websocket: { message: () => undefined },
  });
});
afterAll(async () => {
  await server?.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

const events = { data: () => undefined, drained: () => undefined, closed: () => undefined };

test.skipIf(!hasOpenssl)("a certificate of one's own is trusted where it is named, and nowhere else", async () => {
  const at = `localhost:${server?.port}`;
  const trust = trusting(readFileSync(file("cert.pem"), "utf8"));
  const refused = await dialWebSocket(`wss://${at}/worker`)(events).then(String, String);
  expect(refused).toStartWith("Error:");
  const socket = await dialWebSocket(`wss://${at}/worker`, { trust })(events);
  socket.end();
  expect(await fetch(`https://${at}/`).then(String, () => "refused")).toBe("refused");
  expect(await (await fetch(`https://${at}/`, { ...trust })).text()).toBe("a file");
});
