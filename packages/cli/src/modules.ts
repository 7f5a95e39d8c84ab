// Where the modules lie that user code imports by the name of this package.

const suffix = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** URLs by name. */
export const installedModules: Readonly<Record<string, string>> = {
  sluice: import.meta.resolve("@sluice/sdk"),
  "sluice/testing": new URL(`./testing.${suffix}`, import.meta.url).href,
};
