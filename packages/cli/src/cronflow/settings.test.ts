// Settings come from the program, then the environment, then the defaults of the documentation.
import { describe, expect, test } from "bun:test";
import { dataFolder, limitsOf, serverSettings, timeoutOf } from "./settings.ts";

describe("settings", () => {
  test("of the server: the program's, the environment's, the defaults", () => {
    const env = {
      CRONFLOW_WEBHOOK_HOST: "0.0.0.0",
      CRONFLOW_WEBHOOK_PORT: "8080",
      CRONFLOW_WEBHOOK_MAX_CONNECTIONS: "9",
    };
    expect(serverSettings({}, {}, true)).toEqual({ host: "127.0.0.1", port: 3000, maxConnections: 1000 });
    expect(serverSettings({}, env, true)).toEqual({ host: "0.0.0.0", port: 8080, maxConnections: 9 });
    const given = { webhookServer: { port: 0, host: "::1", maxConnections: 5 } };
    expect(serverSettings(given, env, false)).toEqual({ host: "::1", port: 0, maxConnections: 5 });
    expect(serverSettings({ port: 4000 }, {}, false)).toMatchObject({ port: 4000 });
    expect(serverSettings({}, env, false)).toBeUndefined();
    expect(serverSettings({ webhookServer: false }, env, true)).toBeUndefined();
    expect(() => serverSettings({}, { CRONFLOW_WEBHOOK_PORT: "many" }, true)).toThrow("CRONFLOW_WEBHOOK_PORT");
  });

  test("of the data folder", () => {
    expect(dataFolder({}, {})).toBe(".sluice");
    expect(dataFolder({}, { CRONFLOW_DB_PATH: "/srv/app/.cronflow/data.db" })).toBe("/srv/app/.cronflow/sluice");
    expect(dataFolder({}, { SLUICE_DATA: "/srv/data", CRONFLOW_DB_PATH: "/x/y" })).toBe("/srv/data");
    expect(dataFolder({ data: "here" }, { SLUICE_DATA: "/srv/data" })).toBe("here");
  });

  test("of the engine", () => {
    expect(limitsOf({})).toEqual({});
    expect(
      limitsOf({ CRONFLOW_MAX_WORKERS: "4", CRONFLOW_QUEUE_SIZE: "500", CRONFLOW_MAX_PAYLOAD_SIZE: "1024" }),
    ).toEqual({ concurrentRunsMax: 4, queueLengthMax: 500, payloadBytesMax: 1024 });
    expect(limitsOf({ CRONFLOW_MAX_WORKERS: "4", CRONFLOW_MAX_CONCURRENT_STEPS: "8" })).toEqual({
      concurrentRunsMax: 8,
    });
    expect(timeoutOf({ CRONFLOW_DEFAULT_TIMEOUT_MS: "5000" })).toBe(5000);
  });
});
