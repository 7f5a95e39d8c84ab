// The list of settings: complete, with where each comes from, and without secrets.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { schemas } from "@sluice/protocol/http-schemas";
import { settleSettings, sourcesOf } from "./config.ts";
import type { SettingSources } from "./config.ts";
import { identityKeys } from "./config-identity.ts";
import { logKeys } from "./config-logs.ts";
import { metricKeys } from "./config-metrics.ts";
import { reportSettings } from "./config-report.ts";
import { limitDefaults, settingSpecs } from "./config-settings.ts";
import { HttpFixture } from "./http-fixture.ts";
import { settingsAbout } from "./settings-about.ts";

function reported(given: Partial<SettingSources>) {
  const sources = {
    project: "/srv/shop",
    flags: {},
    env: {},
    file: {},
    defaults: { onDeploy: "pin" },
    ...given,
  } as const;
  return reportSettings(settleSettings(sources), sourcesOf(sources));
}

const find = (report: ReturnType<typeof reported>, name: string) => report.settings.find((each) => each.name === name);

describe("the settings that hold", () => {
  test("are all there, each with words", () => {
    const { settings, data } = reported({});
    const keys = [...settingSpecs.map(({ key }) => key), ...identityKeys, ...logKeys, ...metricKeys];
    expect(settings.map(({ name }) => name)).toEqual([
      ...keys,
      ...Object.keys(limitDefaults).map((name) => `limits.${name}`),
    ]);
    expect(settings.filter(({ about }) => about === "").map(({ name }) => name)).toEqual([]);
    expect(new Set(settings.map(({ source }) => source))).toEqual(new Set(["default"]));
    expect(data).toBe("/srv/shop/.sluice");
    for (const key of keys) expect(Object.keys(settingsAbout)).toContain(key);
  });

  test("say where they come from, and in what they are counted", () => {
    const report = reported({
      flags: { port: 8080, "limits.drainMs": "30s" },
      env: { SLUICE_HOST: "0.0.0.0", SLUICE_PORT: "9", SLUICE_RETENTION_EVENTS: "2 days" },
      file: { host: "::1", onDeploy: "move", limits: { eventRetentionMs: 5 }, retention: { runs: "3 days" } },
    });
    const about = (name: string) => {
      const { value, source, unit } = find(report, name)!;
      return [value, source, unit];
    };
    expect(about("port")).toEqual([8080, "flag", null]);
    expect(about("host")).toEqual(["0.0.0.0", "environment", null]);
    expect(about("onDeploy")).toEqual(["move", "file", null]);
    expect(about("durability")).toEqual(["full", "default", null]);
    expect(about("publicUrl")).toEqual([null, "default", null]);
    expect(about("limits.drainMs")).toEqual([30_000, "flag", "ms"]);
    expect(about("limits.payloadBytesMax")).toEqual([33_554_432, "default", "bytes"]);
    // The same under both of its names.
    expect(about("retention.runs")).toEqual([259_200_000, "file", "ms"]);
    expect(about("limits.runRetentionMs")).toEqual([259_200_000, "file", "ms"]);
    expect(about("retention.events")).toEqual([5, "file", "ms"]);
    expect(about("limits.eventRetentionMs")).toEqual([5, "file", "ms"]);
  });

  test("hold no secret, wherever it was put", () => {
    const issuer = "https://id.example.com";
    const openid = { issuer, clientId: "sluice", clientSecret: "s3cret-file", roles: {} };
    for (const env of [{}, { SLUICE_OPENID_CLIENT_SECRET: "s3cret-env", SLUICE_TOKEN: "s3cret-token" }]) {
      const report = reported({
        env,
        file: {
          publicUrl: "https://user:s3cret-password@ops.example.com/sluice",
          identity: { openid },
          audit: { checkpoints: "https://user:s3cret@hooks.example.com/s3cret-path?s3cret" },
        },
      });
      expect(JSON.stringify(report)).not.toContain("s3cret");
      expect(find(report, "identity.openid")?.value).toMatchObject({ issuer, clientId: "sluice" });
      expect(find(report, "publicUrl")?.value).toBe("https://ops.example.com/sluice");
      expect(find(report, "audit.checkpoints")?.value).toBe("https://hooks.example.com");
    }
  });

  test("have the words of docs/settings.md", () => {
    const text = readFileSync(new URL("../../../docs/settings.md", import.meta.url), "utf8");
    const plain = (cell: string) => cell.replace(/: \[[^\]]*\]\([^)]*\)/g, "").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
    for (const name of Object.keys(limitDefaults)) {
      const row = text.split("\n").find((line) => line.startsWith(`| \`${name}\` |`));
      expect({ name, about: plain(row?.split(" | ").at(-1)?.replace(/ \|$/, "") ?? "") }).toEqual({
        name,
        about: settingsAbout[name] ?? "",
      });
    }
  });

  test("are for those who may see them", async () => {
    await using f = await HttpFixture.make({ http: { settings: async () => reported({ flags: { port: 1 } }) } });
    const { status, body } = await f.get("/api/v1/settings");
    expect({ status, problem: schemas.Settings.safeParse(body).error?.message }).toEqual({
      status: 200,
      problem: undefined,
    });
    expect(body).toMatchObject({
      data: "/srv/shop/.sluice",
      version: "0.0.0-test",
      authentication: true,
      retention: [],
    });
    const { token } = (await f.post("/api/v1/tokens", { name: "v", role: "viewer" })).body;
    expect((await f.send("/api/v1/settings", { token })).body.error.details).toEqual({ permission: "settings:read" });
  });
});
