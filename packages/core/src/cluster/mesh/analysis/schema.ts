// Rules about single objects of the mesh, as its own admission webhook would have them: what it refuses, what it warns of, what is old.
import { asRecord, at, listAt, textAt } from "../../objects.ts";
import type { KubeObject } from "../../objects.ts";
import { finding } from "./messages.ts";
import type { Finding } from "./messages.ts";
import { labelsAt, textsAt } from "./view.ts";
import type { MeshView } from "./view.ts";

interface Wrong {
  readonly message: string;
  readonly path: string;
}

type Check = (object: KubeObject) => readonly Wrong[];

const wholePercent = 100;

const errors: Readonly<Record<string, Check>> = {
  VirtualService: (object) => [
    ...missing(object, "hosts"),
    ...(["http", "tls", "tcp"].every((kind) => listAt(object, "spec", kind).length === 0)
      ? [{ message: "It has neither http, tls nor tcp routes.", path: "spec" }]
      : []),
    ...listAt(object, "spec", "http").flatMap((route, index) => httpRoute(route, `spec.http[${index}]`)),
  ],
  DestinationRule: (object) => [
    ...missing(object, "host"),
    ...listAt(object, "spec", "subsets").flatMap((subset, index) =>
      textAt(subset, "name") === undefined
        ? [{ message: "A subset has no name.", path: `spec.subsets[${index}]` }]
        : [],
    ),
  ],
  Gateway: (object) =>
    object.apiVersion.startsWith("networking.istio.io") ? [...missing(object, "servers"), ...servers(object)] : [],
  ServiceEntry: (object) => [
    ...missing(object, "hosts"),
    ...(textAt(object, "spec", "resolution") === "STATIC" &&
    listAt(object, "spec", "endpoints").length === 0 &&
    at(object, "spec", "workloadSelector") === undefined
      ? [{ message: "STATIC asks for endpoints or a workload selector.", path: "spec.resolution" }]
      : []),
  ],
  PeerAuthentication: (object) =>
    at(object, "spec", "portLevelMtls") !== undefined &&
    labelsAt(object, "spec", "selector", "matchLabels") === undefined
      ? [{ message: "Ports can be told apart for selected workloads only.", path: "spec.portLevelMtls" }]
      : [],
  AuthorizationPolicy: (object) =>
    textAt(object, "spec", "action") === "CUSTOM" && textAt(object, "spec", "provider", "name") === undefined
      ? [{ message: "CUSTOM asks for a provider.", path: "spec.provider" }]
      : [],
};

const warnings: Readonly<Record<string, Check>> = {
  VirtualService: (object) =>
    listAt(object, "spec", "http").flatMap((route, index) => {
      const weights = listAt(route, "route").map((each) => at(each, "weight"));
      const idle = weights.length > 1 && weights.some((each) => each === 0);
      return idle ? [{ message: "A destination with weight 0 gets nothing.", path: `spec.http[${index}].route` }] : [];
    }),
  DestinationRule: (object) =>
    at(object, "spec", "trafficPolicy", "outlierDetection") === undefined &&
    at(object, "spec", "trafficPolicy", "loadBalancer", "localityLbSetting") !== undefined
      ? [
          {
            message: "Localities fail over only with outlierDetection.",
            path: "spec.trafficPolicy.loadBalancer.localityLbSetting",
          },
        ]
      : [],
  AuthorizationPolicy: (object) =>
    textAt(object, "spec", "action") === "DENY" &&
    listAt(object, "spec", "rules").some((rule) => Object.keys(asRecord(rule) ?? {}).length === 0)
      ? [{ message: "An empty rule of DENY refuses everything.", path: "spec.rules" }]
      : [],
};

const old: Readonly<Record<string, Check>> = {
  VirtualService: (object) =>
    listAt(object, "spec", "http").flatMap((route, index) => {
      const path = `spec.http[${index}]`;
      return [
        ...gone(route, { path, field: ["fault", "delay", "percent"], now: "fault.delay.percentage" }),
        ...gone(route, { path, field: ["corsPolicy", "allowOrigin"], now: "corsPolicy.allowOrigins" }),
        ...gone(route, { path, field: ["mirrorPercent"], now: "mirrorPercentage" }),
        ...gone(route, { path, field: ["mirror_percent"], now: "mirrorPercentage" }),
      ];
    }),
  DestinationRule: (object) =>
    textAt(object, "spec", "trafficPolicy", "loadBalancer", "simple") === "LEAST_CONN"
      ? [{ message: "LEAST_CONN is LEAST_REQUEST now.", path: "spec.trafficPolicy.loadBalancer.simple" }]
      : gone(at(object, "spec", "trafficPolicy", "outlierDetection"), {
          path: "spec.trafficPolicy.outlierDetection",
          field: ["consecutiveErrors"],
          now: "consecutive5xxErrors",
        }),
};

export function schemaRules(view: MeshView): readonly Finding[] {
  const said: Finding[] = [];
  const tables = [
    ["IST0106", errors],
    ["IST0133", warnings],
    ["IST0002", old],
  ] as const;
  for (const [code, table] of tables) {
    for (const [kind, check] of Object.entries(table))
      for (const object of view.of(kind)) for (const wrong of check(object)) said.push(finding(code, object, wrong));
  }
  return said;
}

function missing(object: KubeObject, field: string): readonly Wrong[] {
  const value = at(object, "spec", field);
  const filled = Array.isArray(value) ? value.length > 0 : value !== undefined && value !== "";
  return filled ? [] : [{ message: `It has no ${field}.`, path: `spec.${field}` }];
}

function httpRoute(route: unknown, path: string): readonly Wrong[] {
  const to = listAt(route, "route");
  const does = [
    to.length > 0,
    at(route, "redirect") !== undefined,
    at(route, "directResponse") !== undefined,
    at(route, "delegate") !== undefined,
  ];
  const said: Wrong[] = [];
  if (!does.includes(true)) said.push({ message: "A route leads nowhere.", path });
  if (does.filter(Boolean).length > 1)
    said.push({ message: "A route is either route, redirect, directResponse or delegate.", path });
  const weights = to.map((each) => at(each, "weight")).filter((each) => typeof each === "number");
  if (weights.some((each) => each < 0)) said.push({ message: "A weight is below 0.", path: `${path}.route` });
  const sum = weights.reduce((all, each) => all + each, 0);
  if (to.length > 1 && sum === 0) said.push({ message: "All weights together are 0.", path: `${path}.route` });
  const mirrored = Number(at(route, "mirrorPercentage", "value") ?? 0);
  if (mirrored < 0 || mirrored > wholePercent)
    said.push({ message: "A percentage is from 0 to 100.", path: `${path}.mirrorPercentage` });
  return said;
}

function servers(gateway: KubeObject): readonly Wrong[] {
  return listAt(gateway, "spec", "servers").flatMap((server, index) => {
    const path = `spec.servers[${index}]`;
    const protocol = textAt(server, "port", "protocol") ?? "";
    const said: Wrong[] = [];
    if (textsAt(server, "hosts").length === 0) said.push({ message: "A server has no hosts.", path: `${path}.hosts` });
    if (protocol === "HTTPS" && at(server, "tls") === undefined) said.push({ message: "HTTPS asks for tls.", path });
    const mode = textAt(server, "tls", "mode") ?? "";
    const named = textAt(server, "tls", "credentialName") ?? textAt(server, "tls", "serverCertificate");
    if (
      ["SIMPLE", "MUTUAL"].includes(mode) &&
      named === undefined &&
      listAt(server, "tls", "credentialNames").length === 0
    )
      said.push({ message: `${mode} asks for a certificate.`, path: `${path}.tls` });
    return said;
  });
}

function gone(
  value: unknown,
  { path, field, now }: { readonly path: string; readonly field: readonly string[]; readonly now: string },
): readonly Wrong[] {
  if (at(value, ...field) === undefined) return [];
  return [{ message: `${field.join(".")} is deprecated: ${now} takes its place.`, path: `${path}.${field.join(".")}` }];
}
