// Shippers of Debian, pointed here: rsyslog, syslog-ng, systemd-journal-upload and logger. Two runs of each.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchShippers, rsyslogModules, shipperFile, startShipper, syslogNgModules } from "./debian-shippers.suite.ts";
import type { Shipper } from "./debian-shippers.suite.ts";
import { entriesOfRun, LogRig, token } from "./log-rig.ts";

// Bun's tests have to know at once what is skipped.
const refusal = fetchShippers();
if (refusal !== undefined) console.warn(`skipped: no shippers: ${refusal}`);

const numbers = Array.from({ length: entriesOfRun }, (_, n) => n);

describe.skipIf(refusal !== undefined)("a shipper of Debian", () => {
  let rig: LogRig;
  let work = "";
  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), "sluice-shippers-"));
    rig = await LogRig.start();
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
    rmSync(work, { recursive: true, force: true });
  });

  /** All of a run is there, each entry once; a shipper that ends before says why. */
  async function whole(run: string, shipper?: Shipper) {
    const ended = shipper?.exited.then((code) => {
      throw new Error(`the shipper ended with ${String(code)}:\n${shipper.said()}`);
    });
    ended?.catch(() => undefined);
    const arrived = rig.arrived(`${run} `);
    const entries = await (ended === undefined ? arrived : Promise.race([arrived, ended]));
    const lines = entries.map(({ line }) => line.trim());
    expect([entries.length, new Set(lines).size]).toEqual([entriesOfRun, entriesOfRun]);
    return entries[0];
  }

  const rounds = (name: string): readonly string[] => [1, 2].map((round) => `${name}-round-${round}`);

  test("logger is understood over UDP and TCP, in both formats", async () => {
    const kinds: readonly (readonly [name: string, args: readonly string[]])[] = [
      ["logger-udp", ["--udp", "--rfc3164", "--port", String(rig.portOf("syslog", "udp"))]],
      ["logger-tcp", ["--tcp", "--rfc5424", "--octet-count", "--port", String(rig.portOf("syslog", "tcp"))]],
      ["logger-lines", ["--tcp", "--rfc5424", "--port", String(rig.portOf("syslog", "tcp"))]],
    ];
    for (const [name, args] of kinds) {
      for (const run of rounds(name)) {
        const input = numbers.map((n) => `${run} ${n}\n`).join("");
        const all = ["--server", "127.0.0.1", "--priority", "user.warning", "--tag", "logger-shop", ...args];
        const { status, stderr } = spawnSync("logger", all, { input, encoding: "utf8" });
        expect([status, stderr]).toEqual([0, ""]);
        const entry = await whole(run);
        expect([entry?.labels["service"], entry?.level]).toEqual(["logger-shop", "warn"]);
      }
    }
  }, 180_000);

  /** A shipper that follows a file, to which lines are added. */
  async function following(name: string, start: (file: string, folder: string) => Shipper): Promise<void> {
    for (const run of rounds(name)) {
      const folder = join(work, run);
      mkdirSync(folder);
      const file = join(folder, "app.log");
      writeFileSync(file, "");
      await using shipper = start(file, folder);
      appendFileSync(file, numbers.map((n) => `${run} ${n}\n`).join(""));
      await whole(run, shipper);
    }
  }

  const rsyslog = (file: string, folder: string, action: string): Shipper => {
    const conf = join(folder, "rsyslog.conf");
    const text = `
module(load="omelasticsearch")
module(load="imfile" mode="polling" pollingInterval="1")
global(workDirectory="${folder}")
template(name="document" type="list" option.jsonf="on") {
  property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
  property(outname="level" name="syslogseverity-text" format="jsonf")
}
input(type="imfile" file="${file}" tag="file-shop" severity="warning" facility="local3" ruleset="out")
ruleset(name="out") { ${action} }
`;
    writeFileSync(conf, text);
    const args = ["-n", "-f", conf, "-i", join(folder, "rsyslogd.pid"), "-M", rsyslogModules()];
    return startShipper(shipperFile("usr/sbin/rsyslogd"), args);
  };

  test("rsyslog forwards as syslog and as Elasticsearch's clients do", async () => {
    const port = rig.portOf("syslog", "tcp");
    const forward = `action(type="omfwd" target="127.0.0.1" port="${port}" protocol="tcp" TCP_Framing="octet-counted")`;
    await following("rsyslog-tcp", (file, folder) => rsyslog(file, folder, forward));
    const udp = `action(type="omfwd" target="127.0.0.1" port="${rig.portOf("syslog", "udp")}" protocol="udp" template="RSYSLOG_SyslogProtocol23Format")`;
    await following("rsyslog-udp", (file, folder) => rsyslog(file, folder, udp));
    const elastic = `action(type="omelasticsearch" server="${rig.url}/es" uid="anybody" pwd="${token}"
  template="document" searchIndex="rsyslog" searchType="" bulkmode="on")`;
    await following("rsyslog-elastic", (file, folder) => rsyslog(file, folder, elastic));
  }, 180_000);

  test("syslog-ng forwards as syslog", async () => {
    await following("syslog-ng", (file, folder) => {
      const conf = join(folder, "syslog-ng.conf");
      const text = `@version: 3.38
source s { file("${file}" follow-freq(0.2) flags(no-parse) program-override("ng-shop")); };
destination d { syslog("127.0.0.1" transport("tcp") port(${rig.portOf("syslog", "tcp")})); };
log { source(s); destination(d); };
`;
      writeFileSync(conf, text);
      const args = ["-F", "-f", conf, "--persist-file", join(folder, "persist"), "--control", join(folder, "ctl")];
      args.push("--pidfile", join(folder, "pid"), "--module-path", syslogNgModules(), "--no-caps");
      return startShipper(shipperFile("usr/sbin/syslog-ng"), args);
    });
  }, 180_000);

  test("systemd-journal-upload sends a journal", async () => {
    for (const run of rounds("journal")) {
      const folder = join(work, run);
      mkdirSync(folder);
      const base = 1_772_625_600_000_000;
      const journal = numbers
        .map(
          (n) =>
            `__REALTIME_TIMESTAMP=${base + n}\n__MONOTONIC_TIMESTAMP=${1_000 + n}\n_BOOT_ID=${"a".repeat(32)}\n_HOSTNAME=here\n_SYSTEMD_UNIT=journal-shop.service\nPRIORITY=4\nMESSAGE=${run} ${n}\n\n`,
        )
        .join("");
      // A journal in systemd's own files, made by the part that receives them.
      const input = join(folder, "in.export");
      writeFileSync(input, journal);
      const stored = join(folder, "system.journal");
      await using made = startShipper(shipperFile("lib/systemd/systemd-journal-remote"), ["-o", stored, input]);
      expect([await made.exited, made.said()]).toEqual([0, expect.any(String)]);
      const { host } = new URL(rig.url);
      const args = [
        `--url=http://any:${token}@${host}/journald`,
        `--file=${stored}`,
        "--follow=no",
        `--save-state=${join(folder, "state")}`,
      ];
      await using upload = startShipper(shipperFile("lib/systemd/systemd-journal-upload"), args);
      expect([await upload.exited, upload.said()]).toEqual([0, expect.not.stringContaining("rror")]);
      const entry = await whole(run);
      expect(entry).toMatchObject({ level: "warn", labels: { host: "here", service: "journal-shop.service" } });
    }
  }, 180_000);
});
