// Paths that lead elsewhere, in URLs, keys and names, and bytes that are no request at all, sent to the shipped server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { routes } from "@sluice/protocol/http";
import type { RouteName, RouteSpec } from "@sluice/protocol/http";
import fc from "fast-check";
import { everyRoute, foreignRoutes, Victim, whatIsWrong } from "./bad-input.suite.ts";
import type { RawAnswer } from "./raw-http.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-bad-paths-"));
const specs: Readonly<Record<RouteName, RouteSpec>> = routes;
let victim: Victim;

beforeAll(async () => {
  victim = await Victim.start(join(folder, "project"));
  // Its folder and key are made by the first who asks.
  await victim.json("GET", "/api/v1/cache");
}, 30_000);

afterAll(async () => {
  try {
    await victim.expectWell();
  } finally {
    await victim.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

describe("path tricks", () => {
  const tricks = [
    ..."..|.|%2e%2e|%2E%2E%2F|..%2f..%2f..%2f..%2fetc%2fpasswd|..%5c..%5c|%5c..%5c|%2f|%2fetc%2fpasswd|%252e%252e%252f".split(
      "|",
    ),
    ..."%00|..%00.js|a%00b|..;|..%2f|;x=1|C:%5cwindows|~root|$HOME|`id`|%0d%0ax-evil:1|%20|*|state.db|keys%2ftoken".split(
      "|",
    ),
    "a".repeat(10_000),
    "%2e%2e%2f".repeat(500),
    "..%c0%af..%c0%af",
  ];
  /** What is the name of a file elsewhere is a good name here: the first are looked at below, keys of the cache beside its code. */
  const named: ReadonlySet<string> = new Set([
    "setState",
    "setSecret",
    "removeSecret",
    "explainCacheKey",
    ...foreignRoutes,
  ]);
  const withParams = everyRoute.filter((name) => /\/:|\*$/.test(specs[name].path) && !named.has(name));

  test.each(withParams)("lead %s nowhere", async (name) => {
    const params = victim.paramsOf(name);
    const files = filesOf(folder);
    await victim.unchanged(async () => {
      for (const [at] of params.entries()) {
        for (const trick of tricks) {
          const request = victim.right(name, params.with(at, trick));
          // Dots that are a whole segment are taken out of a URL before anybody sees it: it is then that other URL.
          const { pathname } = new URL(request.path, victim.server.url);
          if (pathname === request.path) await victim.refused(request);
          else {
            const [tricked, plain] = [request, { ...request, path: pathname }];
            expect(plainly(await victim.raw.send(tricked))).toEqual(plainly(await victim.raw.send(plain)));
          }
        }
      }
    });
    expect(filesOf(folder)).toEqual(files);
  });

  test("in names of secrets are refused, or letters like others", async () => {
    // The key ring is made with the first secret.
    await victim.json("PUT", victim.pathOf("setSecret", ["first"]), { value: "long enough" });
    await victim.json("DELETE", victim.pathOf("removeSecret", ["first"]));
    const files = filesOf(folder);
    const good = new Set(["state.db", "keys%2ftoken"]);
    await victim.unchanged(async () => {
      for (const name of ["setSecret", "removeSecret"] as const) {
        for (const trick of tricks.filter((each) => !good.has(each))) {
          const request = victim.right(name, [trick]);
          if (new URL(request.path, victim.server.url).pathname === request.path) await victim.refused(request);
        }
      }
      for (const trick of good) {
        expect(await victim.json("PUT", victim.pathOf("setSecret", [trick]), { value: "long enough" })).toMatchObject({
          status: 200,
        });
        expect((await victim.json("DELETE", victim.pathOf("removeSecret", [trick]))).status).toBe(204);
      }
    });
    expect(filesOf(folder)).toEqual(files);
  });

  test("in keys of state are letters like others", async () => {
    const files = filesOf(folder);
    await victim.unchanged(async () => {
      for (const trick of [
        "..%2f..%2fetc%2fpasswd",
        "..%5c..",
        "%2fetc%2fpasswd",
        "state.db",
        "keys%2ftoken",
        "%252e%252e",
      ]) {
        const path = victim.pathOf("setState", ["global", trick]);
        expect(await victim.json("PUT", path, { value: trick })).toMatchObject({ status: 200 });
        const { body } = await victim.json<{ readonly entries: unknown }>("GET", "/api/v1/state/global");
        expect(body.entries).toMatchObject([{ key: decodeURIComponent(trick), value: trick }]);
        expect((await victim.json("DELETE", path)).status).toBe(204);
      }
    });
    expect(filesOf(folder)).toEqual(files);
  });

  test("in names that a request brings are refused", async () => {
    await victim.unchanged(async () => {
      for (const id of [
        "../x",
        "..",
        ".",
        "a/b",
        "/etc/passwd",
        "a\\b",
        "a\0",
        "",
        " ",
        "a b",
        "-x",
        "é",
        "x".repeat(129),
      ]) {
        const request = { ...victim.right("startRun", ["echo"]), body: JSON.stringify({ id }) };
        await victim.refused(request, { status: 400, code: "bad_request" });
      }
      for (const scope of ["workflow:..%2fx", "run:..", "workflow:", "run:a%2fb", "global%2f..", "global%00", "GLOBAL"])
        await victim.refused(victim.right("setState", [scope, "k"]), { status: 400, code: "bad_request" });
    });
  });

  test("open no door: what needs the token needs it however it is spelt", async () => {
    const stranger = victim.another({});
    const paths = [
      ..."/hooks/../api/v1/runs|/health/../api/v1/runs|/api/docs/../v1/runs|/api/docs/%2e%2e/v1/runs|/api/docs/..%2fv1%2fruns".split(
        "|",
      ),
      ..."//api/v1/runs|/api//v1/runs|/API/v1/runs|/api/v1/runs/|/api/v1/runs;x|/api/v1/%72uns|/./api/v1/runs|/x/../metrics".split(
        "|",
      ),
      ..."/../../etc/passwd|/..%2f..%2fetc%2fpasswd|//etc/passwd|/.sluice/keys/token|/data/keys/token|/%2e%2e/data/state.db".split(
        "|",
      ),
      "/api/v1/approvals/../runs",
      "/api/v1/callbacks/%2e%2e/runs",
      "http://127.0.0.1/api/v1/runs",
      "/api/v1/runs%00",
      "/api/v1/runs?a",
    ];
    for (const path of paths) {
      for (const method of ["GET", "POST", "DELETE"]) {
        const answer = await stranger.send({ method, path });
        expect([method, path, whatIsWrong(answer)]).toEqual([method, path, undefined]);
        expect(answer.text).not.toMatch(/"runs":|root:|SQLite format/);
      }
    }
    stranger.close();
  });
});

test("what is no request is refused or cut off, and the next one is answered", async () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
    fc.constantFrom(
      "GET / HTTP/1.1\r\n",
      "POST ",
      "/api/v1/runs",
      " HTTP/9.9\r\n",
      "\r\n\r\n",
      "host: x\r\n",
      ": \r\n",
      "\0",
    ),
    fc.constantFrom(
      "transfer-encoding: chunked\r\n",
      "zz\r\n",
      "content-length: -1\r\n",
      "content-length: 1\r\ncontent-length: 2\r\n",
    ),
  );
  await victim.unchanged(() =>
    fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
        const client = victim.another();
        const answer = await client.bytes(Buffer.from(parts.join(""), "latin1"), { thenEnd: true });
        client.close();
        if (answer !== undefined) expect(answer.status).toBeGreaterThanOrEqual(400);
        expect((await victim.raw.send({ method: "GET", path: "/health" })).status).toBe(200);
      }),
      { numRuns: 100 },
    ),
  );
});

/** An answer without the number that each page of the console has of its own. */
function plainly(answer: RawAnswer): unknown {
  return JSON.parse(JSON.stringify(answer).replaceAll(/nonce-[\w-]+|content=\\"[\w-]{22}\\"/g, "nonce")) as unknown;
}

/** Every file below a folder, but for those that a database makes and removes as it works. */
function filesOf(path: string): readonly string[] {
  const all = readdirSync(path, { recursive: true }).map(String);
  return all.filter((name) => !/-(?:wal|shm)$/.test(name)).toSorted();
}
