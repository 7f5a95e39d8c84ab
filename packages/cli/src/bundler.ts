// `sluice/bundler`: Bun, esbuild, Vite and webpack behind one interface, with the same result and measured figures.
export { bundlers } from "@sluice/bundlers";
export type {
  ArtifactStore,
  BundleArtifact,
  BundleContext,
  BundleErrorCode,
  BundleMessage,
  BundleMetrics,
  BundleResult,
  BundlerAdapter,
  BundlerOptions,
  Naming,
} from "@sluice/bundlers";
