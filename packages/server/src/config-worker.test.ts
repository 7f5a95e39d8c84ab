// What is said of the listener for workers: what is refused, and what holds where little is said.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { isLoopback } from "./config.ts";
import { workerSettings } from "./config-worker.ts";

function settle(values: Readonly<Record<string, unknown>>, auth = true) {
  return workerSettings({
    values: new Map(Object.entries(values)),
    auth,
    isLoopback,
    pathOf: (path) => join("/srv", path),
  });
}

const tls = { "worker.tlsCert": "w.crt", "worker.tlsKey": "w.key" };

describe("the workers' port", () => {
  test("is not opened where nobody asks for it, and is on loopback where nothing else is said", () => {
    expect(settle({})).toBeUndefined();
    expect(settle({ "worker.port": 0 })).toEqual({ port: 0, host: "127.0.0.1", tls: undefined });
    expect(settle({ "worker.port": 7891, "worker.host": "0.0.0.0", ...tls })).toEqual({
      port: 7891,
      host: "0.0.0.0",
      tls: { cert: "/srv/w.crt", key: "/srv/w.key" },
    });
  });

  test.each([
    ["open to a network without TLS", { "worker.port": 1, "worker.host": "0.0.0.0" }, true, "Without TLS"],
    [
      "open to a network without authentication",
      { "worker.port": 1, "worker.host": "::", ...tls },
      false,
      "Without auth",
    ],
    [
      "a certificate without its key",
      { "worker.port": 1, "worker.tlsCert": "w.crt" },
      true,
      "worker.tlsKey is missing",
    ],
    ["an address without a port", { "worker.host": "localhost" }, true, "nothing says where"],
  ])("is refused %s", (_what, values, auth, message) => {
    expect(() => settle(values, auth)).toThrow(message);
  });
});
