// Variables that frameworks build into what they make: packages that use one depend on them without saying so.
// As Turborepo documents it: https://turborepo.com/docs/crafting-your-repository/using-environment-variables
import type { Package } from "./package.ts";

const frameworks: readonly (readonly [dependency: string, variables: readonly string[]])[] = [
  ["next", ["NEXT_PUBLIC_*"]],
  ["blitz", ["NEXT_PUBLIC_*"]],
  ["react-scripts", ["REACT_APP_*"]],
  ["vite", ["VITE_*"]],
  ["gatsby", ["GATSBY_*"]],
  [
    "nuxt",
    [
      "NUXT_*",
      "NITRO_*",
      "SERVER_*",
      "AWS_APP_ID",
      "INPUT_AZURE_STATIC_WEB_APPS_API_TOKEN",
      "CLEAVR",
      "CF_PAGES",
      "FIREBASE_APP_HOSTING",
      "NETLIFY",
      "STORMKIT",
      "NOW_BUILDER",
      "ZEABUR",
      "RENDER",
      "LAUNCH_EDITOR",
    ],
  ],
  ["@vue/cli-service", ["VUE_APP_*"]],
  ["astro", ["PUBLIC_*"]],
  ["@sveltejs/kit", ["VITE_*", "PUBLIC_*"]],
  ["solid-start", ["VITE_*"]],
  ["@solidjs/start", ["VITE_*"]],
  ["expo", ["EXPO_PUBLIC_*"]],
  ["@redwoodjs/core", ["REDWOOD_ENV_*"]],
  ["sanity", ["SANITY_STUDIO_*"]],
];

/** Patterns of names, of the first framework that the package depends on. */
export function inferredVariables({ dependencies }: Package): readonly string[] {
  return frameworks.find(([dependency]) => Object.hasOwn(dependencies, dependency))?.[1] ?? [];
}
