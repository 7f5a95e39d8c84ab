// Where the modules lie that user code imports by the name of this package.

const suffix = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** URLs by name. */
export const installedModules: Readonly<Record<string, string>> = {
  sluice: new URL(`./index.${suffix}`, import.meta.url).href,
  "sluice/cronflow": new URL(`./cronflow.${suffix}`, import.meta.url).href,
  "sluice/cronflow/sdk": new URL(`./cronflow-sdk.${suffix}`, import.meta.url).href,
  "sluice/testing": new URL(`./testing.${suffix}`, import.meta.url).href,
};
