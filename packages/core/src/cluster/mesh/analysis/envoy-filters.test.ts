// Filters of Envoy: each rule with a mesh that breaks it and one that does not.
import { expect, test } from "bun:test";
import { judge, object } from "./fixture.suite.ts";
import type { Case } from "./fixture.suite.ts";

const filter = (applyTo: string, operation: string, more: { priority?: number; match?: object } = {}) =>
  object("EnvoyFilter", "f", {
    ...(more.priority === undefined ? {} : { priority: more.priority }),
    configPatches: [{ applyTo, match: more.match ?? {}, patch: { operation } }],
  });
const versioned = { match: { proxy: { proxyVersion: "^1\\.28" } } };

const cases: readonly Case[] = [
  ["IST0151", [filter("HTTP_FILTER", "INSERT_BEFORE")], [filter("HTTP_FILTER", "INSERT_BEFORE", { priority: 10 })]],
  ["IST0151", [filter("CLUSTER", "MERGE")], [filter("HTTP_FILTER", "INSERT_FIRST")]],
  ["IST0152", [filter("CLUSTER", "REPLACE")], [filter("HTTP_FILTER", "REPLACE")]],
  ["IST0153", [filter("HTTP_ROUTE", "ADD")], [filter("CLUSTER", "ADD")]],
  ["IST0154", [filter("ROUTE_CONFIGURATION", "REMOVE")], [filter("VIRTUAL_HOST", "REMOVE")]],
  [
    "IST0155",
    [filter("HTTP_FILTER", "INSERT_AFTER", versioned)],
    [filter("HTTP_FILTER", "INSERT_AFTER", { ...versioned, priority: 1 })],
  ],
];

test.each(cases.map((each, index) => [each[0], index, each] as const))(
  "%s is found where it is, and only there (%d)",
  (_code, _index, each) => {
    expect(judge(each)).toEqual({ found: true, false: false });
  },
);
