// Who gets a proxy: each rule with a mesh that breaks it and one that does not.
import { expect, test } from "bun:test";
import { deployment, injected, judge, labelled, object, pod } from "./fixture.suite.ts";
import { selects } from "./injection.ts";
import type { Case } from "./fixture.suite.ts";

const bare = { containers: [{ name: "app", image: "app" }] };
const silent = labelled("Namespace", "shop", {});
const auto = { containers: [{ name: "istio-proxy", image: "auto" }] };
const webhook = object(
  "MutatingWebhookConfiguration",
  "istio-sidecar-injector",
  {},
  {
    rest: { webhooks: [{ name: "w", namespaceSelector: { matchLabels: { "istio-injection": "enabled" } } }] },
  },
);
const injector = (values: object) =>
  object(
    "ConfigMap",
    "istio-system/istio-sidecar-injector",
    {},
    { rest: { data: { values: JSON.stringify(values) } } },
  );
const image = (tag: string) => injector({ global: { hub: "hub", tag } });
const byDefault = (enableNamespacesByDefault: boolean) =>
  injector({ sidecarInjectorWebhook: { enableNamespacesByDefault } });

const cases: readonly Case[] = [
  ["IST0102", [silent, pod("web")], [injected, pod("web")]],
  [
    "IST0102",
    [silent, deployment("web")],
    [labelled("Namespace", "shop", { "istio-injection": "disabled" }), deployment("web")],
  ],
  ["IST0103", [injected, pod("web", { app: "web" }, bare)], [injected, pod("web")]],
  [
    "IST0103",
    [labelled("Namespace", "shop", { "istio.io/rev": "b" }), pod("web", { app: "web" }, bare)],
    [injected, pod("web", { "sidecar.istio.io/inject": "false" }, bare)],
  ],
  ["IST0123", [labelled("Namespace", "shop", { "istio-injection": "enabled", "istio.io/rev": "b" })], [injected]],
  ["IST0146", [silent, webhook, deployment("web", auto)], [injected, webhook, deployment("web", auto)]],
  [
    "IST0147",
    [silent, webhook, pod("web", { app: "web" }, auto)],
    [injected, webhook, pod("web", { app: "web" }, auto)],
  ],
  ["IST0148", [silent, byDefault(true)], [silent, byDefault(false)]],
  ["IST0158", [injected, pod("web"), image("1.29.0")], [injected, pod("web"), image("1.28.1")]],
];

test.each(cases.map((each, index) => [each[0], index, each] as const))(
  "%s is found where it is, and only there (%d)",
  (_code, _index, each) => {
    expect(judge(each)).toEqual({ found: true, false: false });
  },
);

test.each([
  [{}, true],
  [{ matchExpressions: [{ key: "a", operator: "In", values: ["1", "2"] }] }, true],
  [{ matchExpressions: [{ key: "a", operator: "NotIn", values: ["1"] }] }, false],
  [{ matchExpressions: [{ key: "b", operator: "Exists" }] }, false],
  [{ matchExpressions: [{ key: "b", operator: "DoesNotExist" }] }, true],
])("the selector %j reads as Kubernetes reads it", (selector, selected) => {
  expect(selects(selector, { a: "1" })).toBe(selected);
});
