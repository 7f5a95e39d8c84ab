// The console over HTTP: a page under a strict policy, parts that can be kept forever, and the API's own 404 elsewhere.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConsoleFiles } from "./console-files.ts";
import { Console } from "./console.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-console-"));
const empty = mkdtempSync(join(tmpdir(), "sluice-console-"));
const built = new Console(new ConsoleFiles(folder));
const nothing = new Console(new ConsoleFiles(empty));

function build(page: string): void {
  mkdirSync(join(folder, "assets"), { recursive: true });
  const files = {
    "main-1.js": { type: "text/javascript; charset=utf-8", gzipBytes: 5 },
    "main-1.js.map": { type: "application/json", gzipBytes: 0 },
    "gone.js.map": { type: "application/json", gzipBytes: 0 },
  };
  writeFileSync(join(folder, "index.html"), page);
  for (const suffix of ["", ".gz", ".br", ".map"])
    writeFileSync(join(folder, `assets/main-1.js${suffix}`), `main${suffix}`);
  writeFileSync(join(folder, "secret.txt"), "secret");
  const screens = { "/": ["home-1.js"], "/runs": ["runs-1.js", "table-1.js"], "/runs/": ["run-1.js"] };
  writeFileSync(join(folder, "manifest.json"), JSON.stringify({ files, screens }));
}
build('<meta name="style-nonce" content="STYLE_NONCE">');
afterAll(() => {
  for (const each of [folder, empty]) rmSync(each, { recursive: true, force: true });
});

function get(headers: Record<string, string> = {}): Request {
  return new Request("http://127.0.0.1/assets/x", { headers });
}

describe("the page", () => {
  test("forbids inline script, foreign parts and frames, and has a nonce of its own each time", async () => {
    const [first, second] = [built.page(), built.pageAt("runs/abc/steps")];
    const policy = first.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    const nonce = /'nonce-([\w-]{22})'/.exec(policy)?.[1] ?? "none";
    expect(await first.text()).toBe(`<meta name="style-nonce" content="${nonce}">`);
    expect(second.headers.get("content-security-policy")).not.toContain(nonce);
    expect(Object.fromEntries(first.headers)).toMatchObject({
      "cache-control": "no-cache",
      "content-type": "text/html; charset=utf-8",
      "x-content-type-options": "nosniff",
      "referrer-policy": "same-origin",
    });
  });

  test.each(["api/v1/nothing", "nothing", "health", "", "..", "runsx"])("%p is not one of its pages", async (path) => {
    const response = built.pageAt(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: "not_found" } });
  });

  test("somebody who mistypes an address in a browser gets a page that says so, programs get the API's answer", async () => {
    const page = built.pageAt("triggers", true);
    expect(page.status).toBe(404);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    for (const path of ["api/v1/nothing", "hooks/nothing", "assets/nothing.js"]) {
      expect(await built.pageAt(path, true).json()).toMatchObject({ error: { code: "not_found" } });
    }
  });

  test("says what to do where nothing has been built", async () => {
    const response = nothing.page();
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("packages/web/build.ts");
    expect(nothing.asset("main-1.js", get()).status).toBe(404);
  });

  test.each([
    ["runs", ["runs-1.js", "table-1.js"]],
    ["runs/abc", ["run-1.js"]],
    ["runs/abc/steps", ["run-1.js"]],
    ["settings/users", []],
    ["sign-in", []],
  ])("at %p names the scripts of its screen, so that they come along", async (path, scripts) => {
    build("<head>\n    <!-- screen -->\n</head>");
    const links = scripts.map((name) => `    <link rel="modulepreload" href="/assets/${name}" />\n`).join("");
    expect(await built.pageAt(path).text()).toBe(`<head>\n${links}</head>`);
  });

  test("is the new one after a new build", async () => {
    await built.page().text();
    await Bun.sleep(2);
    build("second");
    expect(await built.page().text()).toBe("second");
  });
});

describe("a part", () => {
  test.each([
    ["gzip, deflate, br, zstd", "br", "main.br"],
    ["gzip;q=0.5", "gzip", "main.gz"],
    ["br;q=0, gzip", "gzip", "main.gz"],
    ["identity", null, "main"],
  ])("for %p comes as %p", async (accepted, encoding, text) => {
    const response = built.asset("main-1.js", get({ "accept-encoding": accepted }));
    expect(response.headers.get("content-encoding")).toBe(encoding);
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(response.headers.get("vary")).toBe("accept-encoding");
    expect(response.headers.get("content-type")).toStartWith("text/javascript");
    expect(await response.text()).toBe(text);
  });

  test("is not sent again to who has it", () => {
    const etag = built.asset("main-1.js", get({ "accept-encoding": "br" })).headers.get("etag") ?? "";
    const again = (tags: string) => built.asset("main-1.js", get({ "accept-encoding": "br", "if-none-match": tags }));
    expect(again(`"other", W/${etag}`).status).toBe(304);
    expect(again('"other"').status).toBe(200);
  });

  test.each([
    "../secret.txt",
    "..%2Fsecret.txt",
    "secret.txt",
    "main-1.js.br",
    "gone.js.map",
    "__proto__",
    "toString",
    "",
  ])("%p is none", (name) => {
    expect(built.asset(name, get()).status).toBe(404);
  });
});
