// Bad input at every URL of the shipped server: a 4xx with a code and a hint, nothing of the inside shown, nothing stored.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeValue } from "@sluice/protocol";
import { routes, valueMediaType } from "@sluice/protocol/http";
import type { RouteName } from "@sluice/protocol/http";
import { contracts, schemas } from "@sluice/protocol/http-schemas";
import fc from "fast-check";
import {
  anyValueRoutes,
  everyRoute,
  fieldRoutes,
  foreignRoutes,
  readingRoutes,
  samples,
  Victim,
  whatIsWrong,
} from "./bad-input.suite.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-bad-input-"));
let victim: Victim;

beforeAll(async () => {
  victim = await Victim.start(folder);
}, 30_000);

afterAll(async () => {
  try {
    await victim.expectWell();
  } finally {
    await victim.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

const json = { "content-type": "application/json" };
const values = { "content-type": valueMediaType };
const utf8 = new TextDecoder("utf-8", { fatal: true });
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const ours = everyRoute.filter((name) => !foreignRoutes.includes(name));
const withParams = ours.filter((name) => routes[name].path.includes("/:") || routes[name].path.endsWith("*"));
/**
 * Routes that take no notice of their query: what is open to everybody, pages, whose query is the page's own, and webhooks,
 * whose query may be the input.
 */
const anyQuery = new Set<RouteName>(["health", "ready", "openapi", "docs", "docsAsset", "callHook"]);
for (const page of ["console", "consolePage", "consoleAsset"] as const) anyQuery.add(page);
/** Whoever comes back from an identity provider sees a page, whatever the provider has sent along. */
const asked = ours.filter((name) => name !== "openidReturn");

function parses(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

describe("fuzzed bodies", () => {
  const shapes = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.json().chain((text) => fc.nat(text.length).map((end) => encode(text.slice(0, end)))),
    fc
      .json()
      .chain((text) =>
        fc
          .tuple(fc.nat(text.length), fc.string())
          .map(([at, more]) => encode(text.slice(0, at) + more + text.slice(at))),
      ),
  );

  test.each(readingRoutes)("of %s that are no JSON are refused", async (name) => {
    const body = shapes.filter((bytes) => bytes.length > 0 && !parses(() => JSON.parse(utf8.decode(bytes))));
    await victim.unchanged(() =>
      fc.assert(
        fc.asyncProperty(body, (bytes) =>
          victim.refused(victim.request(name, { headers: json, body: bytes }), { status: 400, code: "invalid_json" }),
        ),
        { numRuns: 60 },
      ),
    );
  });

  test.each(readingRoutes)("of %s that are no value are refused", async (name) => {
    const body = shapes.filter((bytes) => bytes.length > 0 && !parses(() => decodeValue(bytes)));
    await victim.unchanged(() =>
      fc.assert(
        fc.asyncProperty(body, (bytes) =>
          victim.refused(victim.request(name, { headers: values, body: bytes }), {
            status: 400,
            code: "value_bad_encoding",
          }),
        ),
        { numRuns: 60 },
      ),
    );
  });

  test("of routes that read none change nothing", async () => {
    // Streams go on for ever, and what is sent as logs is kept.
    const keeping = everyRoute.filter((name) => /^(?:log|metric):write$/.test(routes[name].permission));
    const others = new Set<RouteName>(["watchRun", "tailLogs", ...keeping]);
    const missing = ours.filter((name) => !readingRoutes.includes(name) && !others.has(name));
    await victim.unchanged(() =>
      fc.assert(
        fc.asyncProperty(fc.constantFrom(...missing), shapes, async (name, body) => {
          const path = victim.pathOf(name, name.endsWith("State") ? ["global", "none"] : ["none"]);
          const answer = await victim.raw.send({ method: routes[name].methods[0], path, headers: json, body });
          if (answer.status >= 400) expect(whatIsWrong(answer)).toBeUndefined();
        }),
        { numRuns: 300 },
      ),
    );
  });
});

describe("wrong types", () => {
  const odd: readonly unknown[] = [
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    2 ** 53,
    -1_000_001,
    "",
    "x",
    "1",
    "true",
    "\u0000",
    "\ud800",
    "x".repeat(5_000),
    [],
    {},
    [1],
    [null],
    [[]],
    ["x".repeat(600)],
    { a: 1 },
    { toString: 1 },
  ];

  test.each(fieldRoutes)("in the body of %s are refused", async (name) => {
    const schema = schemas[contracts[name].request ?? "Nothing"];
    const sample = samples[name] ?? {};
    expect(schema.safeParse(sample).success).toBe(true);
    const broken: unknown[] = [
      [],
      [sample],
      "x",
      1,
      true,
      null,
      { ...sample, extra: 1 },
      { ...sample, constructor: {} },
    ];
    for (const [key, value] of Object.entries(sample)) {
      broken.push(...odd.map((wrong) => ({ ...sample, [key]: wrong })));
      if (typeof value !== "object" || value === null || Array.isArray(value)) continue;
      for (const inner of Object.keys(value))
        broken.push(...odd.map((wrong) => ({ ...sample, [key]: { ...value, [inner]: wrong } })));
    }
    const refused = broken.filter((body) => !schema.safeParse(body).success);
    expect(refused.length).toBeGreaterThan(7);
    await victim.unchanged(async () => {
      for (const body of refused)
        await victim.refused(victim.request(name, { headers: json, body: JSON.stringify(body) }), { status: 400 });
    });
  });

  const wrongIn: Readonly<Record<string, readonly string[]>> = {
    limit: ["x", "0", "-1", "1.5", "1e2", "201", "0x10", "true"],
    after: ["x", "-1", "1e3", "1.5"],
    next: ["x", "-1", "101"],
    wait: ["soon", "-5", "1 month", "s"],
    status: ["done", "completed,done", "COMPLETED"],
    from: ["yesterday", "2026-13-45", "1e3"],
    to: ["tomorrow", "-1"],
    cursor: ["nonsense", "s1x", "{}"],
    format: ["xml", "JSON"],
    kind: ["workspaces"],
  };

  test.each(asked)("in the query of %s are refused", async (name) => {
    const queries = anyQuery.has(name) ? [] : ["?unknown=1", "?Limit=1", "?__proto__=1"];
    for (const { name: parameter } of (contracts[name].parameters ?? []).filter((each) => each.in === "query")) {
      for (const wrong of [...(wrongIn[parameter] ?? []), "x".repeat(600), "a%00b"])
        queries.push(`?${parameter}=${encodeURIComponent(wrong).replace("%2500", "%00")}`);
      if (parameter !== "status") queries.push(`?${parameter}=1&${parameter}=1`);
    }
    await victim.unchanged(async () => {
      for (const query of queries)
        await victim.refused(victim.request(name, { query, ...bodyFor(name) }), { status: 400 });
    });
  });

  test("in headers are refused", async () => {
    const wrong: readonly (readonly [RouteName, string, readonly string[]])[] = [
      ["startRun", "idempotency-key", ["x".repeat(600), ""]],
      ["callHook", "idempotency-key", ["x".repeat(600), ""]],
      ["watchRun", "last-event-id", ["x", "-1", "1.5", "9".repeat(30)]],
      ["setState", "if-match", ["x", "-1", "*", "9".repeat(30)]],
      ["setState", "if-none-match", ["1", "x"]],
      ["deleteState", "if-match", ["x", "-1", "9".repeat(30)]],
    ];
    await victim.unchanged(async () => {
      for (const [name, header, texts] of wrong) {
        for (const text of texts) {
          const { headers, body } = name === "startRun" ? { headers: json, body: "{}" } : bodyFor(name);
          const request = victim.request(name, { headers: { ...headers, [header]: text }, body });
          await victim.refused(request, { status: 400 });
        }
      }
    });
  });
});

/** A body that is right, where the route reads one. */
function bodyFor(name: RouteName): {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
} {
  if (!readingRoutes.includes(name)) return { headers: {}, body: undefined };
  return { headers: json, body: JSON.stringify(samples[name] ?? {}) };
}

describe("huge numbers", () => {
  const literals = [
    "1e999",
    "-1e999",
    "9".repeat(400),
    `${"9".repeat(300)}e99`,
    `${"9".repeat(250)}E+60`,
    "1e+0400",
    `${"9".repeat(309)}.5`,
  ];

  test.each(readingRoutes)("that no double holds are refused in the body of %s", async (name) => {
    await victim.unchanged(async () => {
      for (const literal of literals) {
        for (const body of [literal, `{"input":${literal}}`, `[{"a":[1,${literal}]}]`])
          await victim.refused(victim.request(name, { headers: json, body }), { status: 400, code: "invalid_json" });
      }
    });
  });

  const fields: readonly (readonly [RouteName, string])[] = [
    ["startRun", "priority"],
    ["startRun", "delay"],
    ["setState", "ttl"],
    ["forkRun", "from"],
    ["bulkRuns", "filter.from"],
    ["bulkRuns", "filter.to"],
  ];
  test.each(fields)("in %s, field %s, are refused", async (name, field) => {
    const [outer = "", inner] = field.split(".");
    await victim.unchanged(async () => {
      for (const number of [2 ** 53, -(2 ** 53), 1e21, 1e300, -1e300, Number.MAX_VALUE]) {
        const body = { ...samples[name], [outer]: inner === undefined ? number : { [inner]: number } };
        await victim.refused(victim.request(name, { headers: json, body: JSON.stringify(body) }), { status: 400 });
      }
    });
  });

  test("in queries are refused", async () => {
    for (const name of ours) {
      for (const { name: parameter, in: place } of contracts[name].parameters ?? []) {
        if (place !== "query" || !["limit", "after", "next", "wait", "from", "to"].includes(parameter)) continue;
        for (const number of ["9".repeat(20), "9".repeat(400), "1e999", "-9999999999999999", "Infinity", "NaN"]) {
          const query = `?${parameter}=${number}`;
          await victim.refused(victim.request(name, { query, ...bodyFor(name) }), { status: 400 });
        }
      }
    }
  });

  test("as lengths of bodies reserve nothing", async () => {
    for (const length of ["9".repeat(19), "9".repeat(40), "-1", "1e9", "0x10"]) {
      const answer = await victim.raw
        .send(victim.request("startRun", { headers: { ...json, "content-length": length }, body: "{}" }))
        .catch(() => undefined);
      victim.raw.close();
      if (answer !== undefined) expect([400, 413]).toContain(answer.status);
      expect((await victim.json("GET", "/health")).status).toBe(200);
    }
  });
});

describe("deep JSON", () => {
  const texts = [
    "[".repeat(401) + "]".repeat(401),
    `{"input":${'{"a":'.repeat(400)}1${"}".repeat(401)}`,
    "[".repeat(200_000),
    '{"a":'.repeat(100_000),
    `${'[{"a":'.repeat(50_000)}1${"}]".repeat(50_000)}`,
  ];

  test.each(readingRoutes)("is refused in the body of %s", async (name) => {
    await victim.unchanged(async () => {
      for (const body of texts)
        await victim.refused(victim.request(name, { headers: json, body }), { status: 400, code: "invalid_json" });
    });
  });

  test.each(readingRoutes)("is refused as values in the body of %s", async (name) => {
    const list = new Uint8Array(200_000).fill(0x91);
    const map = Uint8Array.from({ length: 300_000 }, (_, index) => [0x81, 0xa1, 0x61][index % 3] ?? 0);
    await victim.unchanged(async () => {
      for (const body of [list, map])
        await victim.refused(victim.request(name, { headers: values, body }), {
          status: 400,
          code: "value_bad_encoding",
        });
    });
  });
});

describe("broken UTF-8", () => {
  const broken = [
    [0xff],
    [0x80],
    [0xc3, 0x28],
    [0xed, 0xa0, 0x80],
    [0xf8, 0x88, 0x80, 0x80, 0x80],
    [0xc0, 0xaf],
    [0xe2, 0x82],
  ];
  const escaped = broken.map((bytes) => bytes.map((byte) => `%${byte.toString(16)}`).join(""));

  test.each(readingRoutes)("is refused in the body of %s", async (name) => {
    const types = anyValueRoutes.includes(name)
      ? ["application/json", "text/plain", "application/x-www-form-urlencoded"]
      : ["application/json"];
    await victim.unchanged(async () => {
      for (const bytes of broken) {
        for (const type of types) {
          const body = Buffer.concat([Buffer.from('{"input":"'), Buffer.from(bytes), Buffer.from('"}')]);
          const request = victim.request(name, { headers: { "content-type": type }, body });
          await victim.refused(request, { status: 400, code: "invalid_json" });
        }
      }
    });
  });

  test.each(withParams)("is refused in the path of %s", async (name) => {
    const count = victim.paramsOf(name).length;
    await victim.unchanged(async () => {
      for (let at = 0; at < count; at++) {
        for (const text of [...escaped, "%zz", "%"]) {
          const path = victim.pathOf(name, victim.paramsOf(name).with(at, `a${text}b`));
          await victim.refused(
            { method: routes[name].methods[0], path, ...bodyFor(name) },
            { status: 400, code: "bad_request" },
          );
        }
      }
    });
  });

  test.each(asked)("is refused in the query of %s", async (name) => {
    const names = (contracts[name].parameters ?? []).filter((each) => each.in === "query").map((each) => each.name);
    if (name === "callHook") names.push("any");
    await victim.unchanged(async () => {
      for (const parameter of names) {
        for (const text of escaped) {
          const request = victim.request(name, { query: `?${parameter}=${text}` });
          await victim.refused(name === "callHook" ? request : { ...request, ...bodyFor(name) }, { status: 400 });
        }
      }
    });
  });

  test("in a form is refused, whether as bytes or in hex", async () => {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    for (const name of anyValueRoutes) {
      for (const text of escaped)
        await victim.refused(victim.request(name, { headers: form, body: `a=${text}` }), {
          status: 400,
          code: "invalid_json",
        });
    }
  });
});
