import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cacheLimits } from "@sluice/core";
import { errorCodes } from "@sluice/protocol";
import { routes } from "@sluice/protocol/http";
import type { RouteName, RouteSpec } from "@sluice/protocol/http";
import { contracts, schemas } from "@sluice/protocol/http-schemas";
import type { SchemaName } from "@sluice/protocol/http-schemas";
import { HttpFixture } from "../http-fixture.ts";
import { httpLimits } from "../limits.ts";

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make();
});
afterAll(async () => f[Symbol.asyncDispose]());

// eslint-disable-next-line typescript/no-explicit-any -- a document of any form
async function document(): Promise<any> {
  return (await f.send("/api/openapi.json", { token: null })).body;
}

describe("the API document", () => {
  test("has every route of the server and no other", async () => {
    const { openapi, paths } = await document();
    expect(openapi).toBe("3.1.0");
    const documented = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const tabled = Object.values<RouteSpec>(routes).flatMap(({ methods, path }) =>
      methods.map((method) => `${method} ${path.replace(/:(\w+)/g, "{$1}").replace("*", "{path}")}`),
    );
    expect(documented.toSorted()).toEqual(tabled.toSorted());
  });

  test("points only at schemas that it has", async () => {
    const api = await document();
    const text = JSON.stringify(api.paths);
    const used = new Set(Array.from(text.matchAll(/#\/components\/schemas\/(\w+)/g), (match) => match[1]));
    expect(used.size).toBeGreaterThan(20);
    for (const name of used) expect(Object.keys(api.components.schemas)).toContain(name as string);
    // Those of files, for editors.
    expect(Object.keys(api.components.schemas).filter((name) => !used.has(name))).toEqual([
      "ComponentFile",
      "CanaryFile",
      "FailoverPlanFile",
    ]);
  });

  test("names each operation once and says which need the token", async () => {
    const api = await document();
    const operations = Object.values(
      api.paths as Record<string, Record<string, { operationId: string; security: unknown[] }>>,
    ).flatMap((path) => Object.values(path));
    expect(new Set(operations.map((each) => each.operationId)).size).toBe(operations.length);
    const open = operations.filter((each) => each.security.length === 0).map((each) => each.operationId);
    expect(open).toContain("decideApproval");
    expect(open).not.toContain("startRun");
  });
});

describe("docs/http.md", () => {
  const text = readFileSync(new URL("../../../../docs/http.md", import.meta.url), "utf8");

  test("has a row for every route and says which are open", () => {
    for (const { methods, path, permission } of Object.values<RouteSpec>(routes)) {
      const row = text.split("\n").find((line) => line.startsWith(`| \`${methods[0]} ${path}\` |`));
      expect({ path, there: row !== undefined, open: row?.includes("*open*") }).toEqual({
        path,
        there: true,
        open: permission === "open",
      });
    }
  });

  test("says what each route needs", () => {
    for (const { methods, path, permission } of Object.values<RouteSpec>(routes)) {
      const row = text.split("\n").find((line) => line.startsWith(`| \`${methods[0]} ${path}\` |`)) ?? "";
      const needs = permission === "open" ? "" : permission === "signed-in" ? "to be known" : `\`${permission}\``;
      expect([path, row.split(/(?<!\\)\|/)[5]?.trim()]).toEqual([path, needs]);
    }
  });

  test("names the fields of every body and of every answer, and no other", () => {
    const fieldsOf = (name: SchemaName | undefined): readonly string[] | undefined => {
      const schema = name === undefined ? undefined : schemas[name];
      return schema !== undefined && "shape" in schema ? Object.keys(schema.shape) : undefined;
    };
    /** The names in the last braces of a cell, such as `{code?: "current" \| "pinned"}`. */
    const namesIn = (cell: string): readonly string[] | undefined => {
      const list = /\{([^{}]*)\}[^{}]*$/.exec(cell)?.[1];
      return list?.split(",").map((part) => part.trim().replace(/[?:].*$/, ""));
    };
    for (const [name, { methods, path }] of Object.entries(routes) as [RouteName, RouteSpec][]) {
      const row = text.split("\n").find((line) => line.startsWith(`| \`${methods[0]} ${path}\` |`)) ?? "";
      const cells = row.split(/(?<!\\)\|/);
      const { request, responses } = contracts[name];
      const answer = Object.values(responses).find((each) => each.type === undefined)?.body;
      const body = fieldsOf(request) ?? [];
      expect({ name, body: namesIn(cells[3] ?? "") ?? [] }).toEqual({ name, body: [...body] });
      expect({ name, answer: namesIn(cells[4] ?? "") ?? [] }).toEqual({ name, answer: [...(fieldsOf(answer) ?? [])] });
    }
    for (const [word, schema] of [
      ["A run", schemas.Run.shape.run],
      ["A step", schemas.Steps.shape.steps.element],
    ] as const) {
      const told = new RegExp(String.raw`${word}: \x60\{([^}]*)\}`).exec(text)?.[1]?.split(/,\s*/);
      expect(told?.toSorted()).toEqual(Object.keys(schema.shape).toSorted());
    }
  });

  test("has every code in the row of its status", () => {
    for (const [code, status] of Object.entries(errorCodes)) {
      const row = text.split("\n").find((line) => line.startsWith(`| ${status} |`));
      expect({ code, there: row?.includes(`\`${code}\``) }).toEqual({ code, there: true });
    }
  });

  test("has the limits as they are", () => {
    const spelt = (value: number) => (value >= 1_000 ? value.toLocaleString("en-US") : String(value));
    for (const [name, value] of Object.entries(httpLimits)) {
      const row = text.split("\n").find((line) => line.startsWith("| `") && line.includes(`\`${name}\``));
      // Those of the cache are in docs/cache.md.
      if (name === "heartbeatMs" || Object.hasOwn(cacheLimits, name)) continue;
      expect({ name, there: row !== undefined }).toEqual({ name, there: true });
      const shown = [value, value / 1_024, value / 1_024 ** 2, value / 60_000].map(spelt);
      expect({ name, shown: shown.some((each) => new RegExp(`\\b${each}\\b`).test(row ?? "")) }).toEqual({
        name,
        shown: true,
      });
    }
  });

  test("leads to the table of values as the code states it", () => {
    expect(text).toContain("(values.md#as-json)");
    const source = readFileSync(new URL("../../../protocol/src/value-json.ts", import.meta.url), "utf8");
    const values = readFileSync(new URL("../../../../docs/values.md", import.meta.url), "utf8");
    const rows = Array.from(source.matchAll(/^ \* (\| .+ \|)$/gm), (match) => match[1] ?? "");
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) expect(values).toContain(row);
  });
});

describe("the page to try the API", () => {
  test("is served with its parts, from here only", async () => {
    const page = await f.send("/api/docs", { token: null });
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    const parts = Array.from(String(page.body).matchAll(/(?:href|src)="([^"]+)"/g), (match) => match[1] ?? "");
    expect(parts).toContain("/api/docs/page.mjs");
    for (const part of parts) {
      expect(part).toStartWith("/");
      expect((await f.send(part, { token: null })).status).toBe(200);
    }
    expect((await f.send("/api/docs/..%2f..%2fpackage.json", { token: null })).status).toBe(404);
  });

  test("makes a request of a filled-in form", async () => {
    const script: string = "../docs-page/page.mjs";
    const { exampleOf, operationsOf, requestOf } = await import(script);
    const api = await document();
    const start = operationsOf(api).find(
      (each: { operation: { operationId: string } }) => each.operation.operationId === "startRun",
    );
    const made = requestOf(start, {
      values: { name: "a/b", wait: "1s", "Idempotency-Key": "k" },
      body: '{"input":1}',
      token: "t",
    });
    expect(made).toEqual({
      url: "/api/v1/workflows/a%2Fb/runs?wait=1s",
      init: {
        method: "POST",
        headers: { authorization: "Bearer t", "Idempotency-Key": "k", "content-type": "application/json" },
        body: '{"input":1}',
      },
    });
    const decide = operationsOf(api).find(
      (each: { operation: { operationId: string } }) => each.operation.operationId === "decideApproval",
    );
    expect(exampleOf(decide.body, api.components.schemas)).toEqual({ approved: true });
  });
});
