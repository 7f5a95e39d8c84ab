// Whether somebody listens.
import { expect, test } from "bun:test";
import { machineProbes } from "./probes.ts";

test("a port and a URL answer as long as somebody is there, with more than an error", async () => {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => new Response("", { status: request.url.endsWith("/bad") ? 503 : 204 }),
  });
  const port = server.port ?? 0;
  const url = `http://127.0.0.1:${port}`;
  expect(
    await Promise.all([machineProbes.port(port), machineProbes.url(url), machineProbes.url(`${url}/bad`)]),
  ).toEqual([true, true, false]);
  await server.stop(true);
  expect(await Promise.all([machineProbes.port(port), machineProbes.url(url)])).toEqual([false, false]);
});
