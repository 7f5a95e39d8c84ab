import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { settleSettings } from "./config.ts";

function audit(p: { flags?: Record<string, unknown>; env?: Record<string, string>; file?: unknown }) {
  const sources = { project: "/srv/shop", flags: {}, env: {}, file: {}, defaults: { onDeploy: "pin" as const } };
  return settleSettings({ ...sources, ...p }).audit;
}

describe("checkpoints of the audit trail", () => {
  test("go to a file of whoever names it, or to a URL as it is", () => {
    expect(audit({ file: { audit: { checkpoints: "../safe/heads" } } }).checkpoints).toBe("/srv/safe/heads");
    expect(audit({ flags: { "audit.checkpoints": "heads" } }).checkpoints).toBe(join(process.cwd(), "heads"));
    expect(audit({ env: { SLUICE_AUDIT_CHECKPOINTS: "heads" } }).checkpoints).toBe(join(process.cwd(), "heads"));
    const url = "https://keeper.example/in?secret=hush";
    expect(audit({ file: { audit: { checkpoints: url } } }).checkpoints).toBe(url);
  });

  test("are refused where they would lie beside what they protect", () => {
    for (const checkpoints of [".sluice/heads", ".sluice", ".sluice/..heads", "/srv/shop/.sluice/keys/../heads"]) {
      expect(() => audit({ file: { audit: { checkpoints } } })).toThrow("in the data folder");
    }
    expect(audit({ file: { audit: { checkpoints: ".sluice-heads" } } }).checkpoints).toBe("/srv/shop/.sluice-heads");
  });
});

test("rows are let go of only where checkpoints cover them", () => {
  expect(() => audit({ file: { audit: { retention: "90 days" } } })).toThrow("there are no checkpoints");
  const file = { audit: { retention: "90 days", checkpoints: "/mnt/heads" } };
  expect(audit({ file })).toEqual({ checkpoints: "/mnt/heads", retentionMs: 7_776_000_000 });
});
