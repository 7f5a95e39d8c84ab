// The file of a failover plan, right and wrong.
import { expect, test } from "bun:test";
import { planOf, planText } from "./recovery-plan.suite.ts";
import { parseRecovery } from "./recovery-file.ts";

test("what is left out has its default", () => {
  expect(planOf()).toMatchObject({
    approval: "other",
    confirm: { agree: 2, dwellMs: 10_000 },
    loss: { bytesMax: 0 },
    readiness: { everyMs: 300_000 },
    data: [{ synchronous: true }],
  });
});

test.each([
  [{ epochs: { kind: "sqlite", file: "epochs.db", domains: ["office"] } }, /epochs/],
  [{ sites: [{ name: "a", domain: "x" }] }, /sites/],
  [{ data: [{ name: "db", kind: "postgres", urls: { a: "x" } }] }, /nothing for site b/],
  [{ probes: [{ name: "p", urls: { a: "http://x", b: "http://x", c: "http://x" } }] }, /there is no site c/],
  [
    { traffic: [{ name: "t", kind: "haproxy", addresses: ["h:1"], backend: "b", servers: { a: ["a"] } }] },
    /nothing for site b/,
  ],
  [
    { traffic: [{ name: "t", kind: "dns", server: "s", zone: "z", record: "r", values: { a: "1" } }] },
    /nothing for site b/,
  ],
  [
    {
      sites: [
        { name: "a", domain: "x" },
        { name: "a", domain: "y" },
      ],
    },
    /the same name/,
  ],
] as const)("%j is refused", (more, message) => {
  const parsed = parseRecovery("shop.yaml", planText(more));
  expect(parsed).toMatchObject({
    ok: false,
    error: { code: "invalid_component", message: expect.stringMatching(message) },
  });
});

test("what is wrong is said with its line", () => {
  const parsed = parseRecovery("shop.yaml", "name: shop\nsites:\n  - {name: a, domain: x}\nepochs: 1\n");
  expect(parsed).toMatchObject({ ok: false, error: { message: expect.stringContaining("line 4: epochs") } });
});

test("SQLite cannot be named as what decides", () => {
  for (const kind of ["sqlite", "file", "memory"]) {
    const parsed = parseRecovery("shop.yaml", planText({ epochs: { kind, file: "epochs.db", domains: ["office"] } }));
    expect(parsed).toMatchObject({ ok: false, error: { code: "invalid_component" } });
  }
});
