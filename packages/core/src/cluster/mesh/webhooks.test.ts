// Webhooks of revisions: whose they are, and how another revision answers them.
import { expect, test } from "bun:test";
import { object } from "./analysis/fixture.suite.ts";
import { injectorOf, pointed } from "./webhooks.ts";

const webhook = (labels: object, service: string) =>
  object(
    "MutatingWebhookConfiguration",
    "w",
    {},
    {
      meta: { labels },
      rest: {
        webhooks: [
          { name: "w", clientConfig: { service: { name: service, namespace: "istio-system" }, caBundle: "old" } },
        ],
      },
    },
  );

test("the injector of a revision is the one without a tag", () => {
  const own = webhook({ "istio.io/rev": "b" }, "istiod-b");
  const tag = webhook({ "istio.io/rev": "b", "istio.io/tag": "default" }, "istiod-b");
  expect(injectorOf([tag, own], "b")).toBe(own);
  expect(injectorOf([tag], "b")).toBeUndefined();
});

test("pointed elsewhere it has service, authority and label of the other; pointed there already it stays", () => {
  const moved = pointed(webhook({ "istio.io/rev": "a" }, "istiod-a"), { revision: "b", ca: "new" });
  expect(moved).toEqual({
    metadata: { labels: { "istio.io/rev": "b" } },
    webhooks: [
      { name: "w", clientConfig: { service: { name: "istiod-b", namespace: "istio-system" }, caBundle: "new" } },
    ],
  });
  expect(pointed(webhook({ "istio.io/rev": "b" }, "istiod-b"), { revision: "b", ca: "old" })).toBeUndefined();
});
