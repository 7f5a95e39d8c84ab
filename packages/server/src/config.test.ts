// Where a setting comes from, and what happens to those that are wrong.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { closest, isLoopback, settleSettings } from "./config.ts";
import type { SettingSources } from "./config.ts";
import { environmentForOthers, limitDefaults, settingSpecs, variableOfLimit } from "./config-settings.ts";

function settle(sources: Partial<SettingSources>): ReturnType<typeof settleSettings> {
  return settleSettings({
    project: "/srv/shop",
    flags: {},
    env: {},
    file: {},
    defaults: { onDeploy: "pin" },
    ...sources,
  });
}

describe("precedence", () => {
  test("without anything set, everything has its default", () => {
    expect(settle({})).toEqual({
      project: "/srv/shop",
      data: "/srv/shop/.sluice",
      host: "127.0.0.1",
      port: 7890,
      auth: true,
      publicUrl: undefined,
      state: undefined,
      durability: "full",
      onDeploy: "pin",
      encryptPayloads: false,
      logs: { syslog: [], gelf: [], fluent: [], pipelines: [], archive: undefined, archiveFormat: undefined },
      scrape: [],
      telemetry: undefined,
      allowedHosts: [],
      allowedOrigins: [],
      trustedProxies: [],
      tls: undefined,
      cacheGrpcPort: undefined,
      worker: undefined,
      identity: { totp: false, passkeys: undefined, openid: undefined, ci: [] },
      audit: { checkpoints: undefined, retentionMs: undefined },
      limits: {},
    });
  });

  test("a flag goes before a variable, that before the file, that before the default", () => {
    const sources = { flags: { port: "1" }, env: { SLUICE_PORT: "2" }, file: { port: 3 } };
    expect(settle(sources).port).toBe(1);
    expect(settle({ ...sources, flags: {} }).port).toBe(2);
    expect(settle({ file: sources.file }).port).toBe(3);
    const limits = {
      flags: { "limits.crashesMax": "1" },
      env: { SLUICE_LIMITS_CRASHES_MAX: "2" },
      file: { limits: { crashesMax: 3 } },
    };
    expect(settle(limits).limits).toEqual({ crashesMax: 1 });
    expect(settle({ ...limits, flags: {} }).limits).toEqual({ crashesMax: 2 });
    expect(settle({ file: limits.file }).limits).toEqual({ crashesMax: 3 });
  });

  test("every setting is read from every place", () => {
    const example: Readonly<Record<string, readonly [text: string, value: unknown]>> = {
      data: ["/data", "/data"],
      host: ["::1", "::1"],
      port: ["81", 81],
      auth: ["false", false],
      publicUrl: ["https://sluice.example/", "https://sluice.example"],
      state: ["postgres://me@db:5432/runs", "postgres://me@db:5432/runs"],
      durability: ["relaxed", "relaxed"],
      onDeploy: ["move", "move"],
      encryptPayloads: ["true", true],
      "http.allowedHosts": ["a.example,b.example", ["a.example", "b.example"]],
      "http.allowedOrigins": ["https://a.example", ["https://a.example"]],
      "http.trustedProxies": ["10.0.0.0/8,::1", ["10.0.0.0/8", "::1"]],
      "tls.cert": ["/etc/tls.crt", "/etc/tls.crt"],
      "tls.key": ["/etc/tls.key", "/etc/tls.key"],
      "worker.port": ["0", 0],
      "worker.host": ["localhost", "localhost"],
      "worker.tlsCert": ["/etc/w.crt", "/etc/w.crt"],
      "worker.tlsKey": ["/etc/w.key", "/etc/w.key"],
      "cache.grpcPort": ["9092", 9092],
      "audit.checkpoints": ["/mnt/safe/checkpoints", "/mnt/safe/checkpoints"],
      "audit.retention": ["365 days", 31_536_000_000],
      "logs.archive": ["/mnt/archives", "/mnt/archives"],
      "logs.archiveFormat": ["json", "json"],
      "logs.syslog": [
        "udp://127.0.0.1:5514,tcp://[::1]:0?tenant=acme",
        [
          { protocol: "udp", host: "127.0.0.1", port: 5514, tenant: "default" },
          { protocol: "tcp", host: "::1", port: 0, tenant: "acme" },
        ],
      ],
      "logs.gelf": ["udp://a.example:12201", [{ protocol: "udp", host: "a.example", port: 12_201, tenant: "default" }]],
      "logs.fluent": ["tcp://0.0.0.0:24224/", [{ protocol: "tcp", host: "0.0.0.0", port: 24_224, tenant: "default" }]],
      "retention.runs": ["2 days", 172_800_000],
      "telemetry.endpoint": ["http://collector:4318/", "http://collector:4318"],
      "telemetry.sample": ["0.25", 0.25],
      "retention.events": ["1h", 3_600_000],
    };
    expect(Object.keys(example)).toEqual(settingSpecs.map((spec) => spec.key));
    for (const { key, env } of settingSpecs) {
      const [text, value] = example[key]!;
      const [group, name] = key.split(".");
      // Some settings need another.
      const pair: Readonly<Record<string, object>> = key.startsWith("tls.")
        ? { tls: { cert: "/etc/tls.crt", key: "/etc/tls.key" } }
        : key.startsWith("worker.")
          ? { worker: { port: 7891, tlsCert: "/etc/w.crt", tlsKey: "/etc/w.key" } }
          : key === "telemetry.sample"
            ? { telemetry: { endpoint: "http://collector:4318" } }
            : key === "audit.retention"
              ? { audit: { checkpoints: "/mnt/safe/checkpoints" } }
              : {};
      const file = name === undefined ? { [group!]: text } : { [group!]: { ...pair[group!], [name]: text } };
      for (const settings of [
        settle({ flags: { [key]: text }, file: pair }),
        settle({ env: { [env]: text }, file: pair }),
        settle({ file }),
      ]) {
        const got = {
          ...settings,
          "http.allowedHosts": settings.allowedHosts,
          "http.allowedOrigins": settings.allowedOrigins,
          "http.trustedProxies": settings.trustedProxies,
          "logs.archive": settings.logs.archive?.kind === "folder" ? settings.logs.archive.path : undefined,
          "logs.archiveFormat": settings.logs.archiveFormat,
          "logs.syslog": settings.logs.syslog,
          "logs.gelf": settings.logs.gelf,
          "logs.fluent": settings.logs.fluent,
          "tls.cert": settings.tls?.cert,
          "tls.key": settings.tls?.key,
        };
        const shown: Readonly<Record<string, unknown>> = {
          ...got,
          "worker.port": settings.worker?.port,
          "worker.host": settings.worker?.host,
          "worker.tlsCert": settings.worker?.tls?.cert,
          "worker.tlsKey": settings.worker?.tls?.key,
          "cache.grpcPort": settings.cacheGrpcPort,
          "telemetry.endpoint": settings.telemetry?.endpoint,
          "telemetry.sample": settings.telemetry?.sample,
          "audit.checkpoints": settings.audit.checkpoints,
          "audit.retention": settings.audit.retentionMs,
          "retention.runs": settings.limits["runRetentionMs"],
          "retention.events": settings.limits["eventRetentionMs"],
        };
        expect([key, shown[key]]).toEqual([key, value]);
      }
    }
  });

  test("a relative data folder belongs to whoever names it", () => {
    expect(settle({ file: { data: "store" } }).data).toBe("/srv/shop/store");
    expect(settle({ flags: { data: "store" } }).data).toBe(join(process.cwd(), "store"));
    expect(settle({ env: { SLUICE_DATA: "store" } }).data).toBe(join(process.cwd(), "store"));
  });

  test("TLS has its certificate and its key, or neither", () => {
    const files = { "tls.cert": "tls/a.crt", "tls.key": "/etc/a.key" };
    expect(settle({ flags: files }).tls).toEqual({ cert: join(process.cwd(), "tls/a.crt"), key: "/etc/a.key" });
    expect(settle({ file: { tls: { cert: "a.crt", key: "a.key" } } }).tls?.cert).toBe("/srv/shop/a.crt");
    expect(() => settle({ flags: { "tls.cert": "a.crt" } })).toThrow("tls.key is missing");
    expect(() => settle({ env: { SLUICE_TLS_KEY: "a.key" } })).toThrow("tls.cert is missing");
  });

  test("every named limit has a variable of its own, and its value may be a duration", () => {
    const names = Object.keys(limitDefaults);
    expect(new Set(names.map(variableOfLimit)).size).toBe(names.length);
    expect(variableOfLimit("payloadBytesMax")).toBe("SLUICE_LIMITS_PAYLOAD_BYTES_MAX");
    expect(settle({ env: { SLUICE_LIMITS_PARK_AFTER_MS: "2s" } }).limits).toEqual({ parkAfterMs: 2_000 });
  });
});

describe("what is refused", () => {
  test.each([
    [{ file: { prot: 1 } }, "There is no setting prot (in sluice.config.ts).", "Did you mean port?"],
    [
      { file: { http: { allowedHost: ["a"] } } },
      "There is no setting http.allowedHost (in sluice.config.ts).",
      "Did you mean http.allowedHosts?",
    ],
    [
      { flags: { "limits.crashMax": 1 } },
      "There is no setting limits.crashMax (in the command line).",
      "Did you mean limits.crashesMax?",
    ],
    [
      { env: { SLUICE_HSOT: "x" } },
      "There is no variable SLUICE_HSOT (in the environment).",
      "Did you mean SLUICE_HOST?",
    ],
    [
      { env: { SLUICE_LIMITS_CRASH_MAX: "1" } },
      "There is no variable SLUICE_LIMITS_CRASH_MAX (in the environment).",
      "Did you mean SLUICE_LIMITS_CRASHES_MAX?",
    ],
  ])("an unknown name, with the closest known one: %j", (sources, message, hint) => {
    expect(() => settle(sources)).toThrow(expect.objectContaining({ code: "invalid_config", message, hint }));
  });

  test.each([
    [{ port: 65_536 }, "port in sluice.config.ts must be a port from 0 to 65535."],
    [{ port: 1.5 }, "port in sluice.config.ts must be a port from 0 to 65535."],
    [{ host: "" }, "host in sluice.config.ts must be a text that is not empty."],
    [{ auth: "perhaps" }, "auth in sluice.config.ts must be true or false."],
    [{ durability: "none" }, "durability in sluice.config.ts must be one of full, relaxed."],
    [
      { publicUrl: "sluice.example" },
      "publicUrl in sluice.config.ts must be a URL that begins with http:// or https://.",
    ],
    [{ http: { allowedHosts: [1] } }, "http.allowedHosts in sluice.config.ts must be a list of names."],
    [{ retention: { runs: "soon" } }, 'retention.runs in sluice.config.ts must be a duration such as "30 days".'],
    [{ limits: { crashesMax: -1 } }, "limits.crashesMax in sluice.config.ts must be a number that is not negative."],
  ])("a value that makes no sense: %j", (file, message) => {
    expect(() => settle({ file })).toThrow(expect.objectContaining({ code: "invalid_config", message }));
  });

  test("no authentication beyond loopback", () => {
    expect(settle({ flags: { auth: false, host: "127.0.0.2" } }).auth).toBe(false);
    expect(() => settle({ flags: { auth: false, host: "10.0.0.1" } })).toThrow(
      expect.objectContaining({ code: "invalid_config" }),
    );
    expect(["localhost", "127.1.2.3", "::1", "[::1]"].every(isLoopback)).toBe(true);
    expect(["0.0.0.0", "::", "10.0.0.1", "example.com", "127.0.0.1.example.com"].some(isLoopback)).toBe(false);
  });

  test("variables of other parts are none of it", () => {
    expect(settle({ env: { SLUICE_TOKEN: "t", SLUICE_URL: "http://x", SLUICE_PROJECT: "p", PATH: "/bin" } }).port).toBe(
      7890,
    );
  });
});

test("the server's secrets are not for processes that execute other people's code; everything else is", () => {
  const secrets = {
    SLUICE_TOKEN: "t",
    SLUICE_STATE: "postgres://me:pw@db/runs",
    SLUICE_OPENID_CLIENT_SECRET: "s",
    SLUICE_TELEMETRY_HEADERS: "key=value",
  };
  const rest = { PATH: "/bin", SLUICE_URL: "http://x", SLUICE_CACHE_URL: "http://cache" };
  expect(environmentForOthers({ ...secrets, ...rest })).toEqual(rest);
});

test("the closest name is the one with the fewest letters to change", () => {
  expect(closest("retries", ["retention.runs", "retry", "port"])).toBe("retry");
});
