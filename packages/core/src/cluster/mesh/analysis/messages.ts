// The messages of mesh analysis, under the codes, names and levels that Istio gives them (istio.io/docs/reference/config/analysis), so that
// whoever knows those knows these. What each says stands beside the rule that finds it.
import type { KubeObject } from "../../objects.ts";
import { keyOf, refOf } from "../../objects.ts";

export type FindingLevel = "error" | "warning" | "info";

export const meshMessages = {
  IST0002: ["Deprecated", "warning"],
  IST0101: ["ReferencedResourceNotFound", "error"],
  IST0102: ["NamespaceNotInjected", "info"],
  IST0103: ["PodMissingProxy", "warning"],
  IST0106: ["SchemaValidationError", "error"],
  IST0107: ["MisplacedAnnotation", "warning"],
  IST0108: ["UnknownAnnotation", "warning"],
  IST0109: ["ConflictingMeshGatewayVirtualServiceHosts", "error"],
  IST0110: ["ConflictingSidecarWorkloadSelectors", "error"],
  IST0111: ["MultipleSidecarsWithoutWorkloadSelectors", "error"],
  IST0112: ["VirtualServiceDestinationPortSelectorRequired", "error"],
  IST0113: ["MTLSPolicyConflict", "error"],
  IST0116: ["DeploymentAssociatedToMultipleServices", "warning"],
  IST0118: ["PortNameIsNotUnderNamingConvention", "info"],
  IST0119: ["JwtFailureDueToInvalidServicePortPrefix", "warning"],
  IST0122: ["InvalidRegexp", "warning"],
  IST0123: ["NamespaceMultipleInjectionLabels", "warning"],
  IST0125: ["InvalidAnnotation", "warning"],
  IST0126: ["UnknownMeshNetworksServiceRegistry", "error"],
  IST0127: ["NoMatchingWorkloadsFound", "warning"],
  IST0128: ["NoServerCertificateVerificationDestinationLevel", "warning"],
  IST0129: ["NoServerCertificateVerificationPortLevel", "warning"],
  IST0130: ["VirtualServiceUnreachableRule", "warning"],
  IST0131: ["VirtualServiceIneffectiveMatch", "info"],
  IST0132: ["VirtualServiceHostNotFoundInGateway", "warning"],
  IST0133: ["SchemaWarning", "warning"],
  IST0134: ["ServiceEntryAddressesRequired", "warning"],
  IST0135: ["DeprecatedAnnotation", "info"],
  IST0136: ["AlphaAnnotation", "info"],
  IST0137: ["DeploymentConflictingPorts", "warning"],
  IST0138: ["GatewayDuplicateCertificate", "warning"],
  IST0139: ["InvalidWebhook", "error"],
  IST0140: ["IngressRouteRulesNotAffected", "warning"],
  IST0141: ["InsufficientPermissions", "error"],
  IST0142: ["UnsupportedKubernetesVersion", "error"],
  IST0143: ["LocalhostListener", "error"],
  IST0144: ["InvalidApplicationUID", "warning"],
  IST0145: ["ConflictingGateways", "error"],
  IST0146: ["ImageAutoWithoutInjectionWarning", "warning"],
  IST0147: ["ImageAutoWithoutInjectionError", "error"],
  IST0148: ["NamespaceInjectionEnabledByDefault", "info"],
  IST0149: ["JwtClaimBasedRoutingWithoutRequestAuthN", "error"],
  IST0150: ["ExternalNameServiceTypeInvalidPortName", "warning"],
  IST0151: ["EnvoyFilterUsesRelativeOperation", "warning"],
  IST0152: ["EnvoyFilterUsesReplaceOperationIncorrectly", "error"],
  IST0153: ["EnvoyFilterUsesAddOperationIncorrectly", "error"],
  IST0154: ["EnvoyFilterUsesRemoveOperationIncorrectly", "error"],
  IST0155: ["EnvoyFilterUsesRelativeOperationWithProxyVersion", "warning"],
  IST0156: ["UnsupportedGatewayAPIVersion", "error"],
  IST0157: ["InvalidTelemetryProvider", "warning"],
  IST0158: ["PodsIstioProxyImageMismatchInNamespace", "warning"],
  IST0159: ["ConflictingTelemetryWorkloadSelectors", "error"],
  IST0160: ["MultipleTelemetriesWithoutWorkloadSelectors", "error"],
  IST0161: ["InvalidGatewayCredential", "error"],
  IST0162: ["GatewayPortNotDefinedOnService", "warning"],
  IST0163: ["InvalidExternalControlPlaneConfig", "warning"],
  IST0164: ["ExternalControlPlaneAddressIsNotAHostname", "info"],
  IST0165: ["MultiClusterInconsistentService", "warning"],
  IST0166: ["IneffectiveSelector", "warning"],
  IST0167: ["IneffectivePolicy", "warning"],
  IST0174: ["UnknownDestinationRuleHost", "warning"],
} as const satisfies Record<string, readonly [string, FindingLevel]>;

export type MeshCode = keyof typeof meshMessages;

export interface Finding {
  readonly code: MeshCode;
  readonly name: string;
  readonly level: FindingLevel;
  /** `VirtualService.networking.istio.io shop/web`; the cluster itself as `cluster`. */
  readonly resource: string;
  readonly namespace: string;
  readonly message: string;
  /** Where in the object, such as `spec.http[0].route[1]`. */
  readonly path: string | undefined;
}

/** A finding about an object, or about the cluster where there is none. */
export function finding(
  code: MeshCode,
  object: KubeObject | undefined,
  said: string | { readonly message: string; readonly path: string },
): Finding {
  const [name, level] = meshMessages[code];
  const resource = object === undefined ? "cluster" : keyOf(refOf(object));
  const { message, path } = typeof said === "string" ? { message: said, path: undefined } : said;
  return { code, name, level, resource, namespace: object?.metadata.namespace ?? "", message, path };
}
