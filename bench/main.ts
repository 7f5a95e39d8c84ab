// `npm run bench -- SUITE`: picks the suite by its name. Exit code 0 when every contender was measured, 1 when one
// failed, 2 when it was called wrongly.

const suites: Readonly<Record<string, () => Promise<(args: readonly string[]) => Promise<number>>>> = {
  workflow: async () => (await import("./workflow/suite.ts")).runWorkflowSuite,
  server: async () => (await import("./server/suite.ts")).runServerSuite,
  workers: async () => (await import("./workers/suite.ts")).runWorkersSuite,
  runtime: async () => (await import("./runtime/suite.ts")).runRuntimeSuite,
  bundlers: async () => (await import("./bundlers/suite.ts")).runBundlersSuite,
  builds: async () => (await import("./builds/suite.ts")).runBuildsSuite,
  console: async () => (await import("./console/suite.ts")).runConsoleSuite,
  logs: async () => (await import("./logs/suite.ts")).runLogsSuite,
};

const [name = "", ...args] = process.argv.slice(2);
const suite = Object.hasOwn(suites, name) ? suites[name] : undefined;
if (suite === undefined) {
  console.error(`npm run bench -- SUITE [options], where SUITE is one of: ${Object.keys(suites).join(", ")}`);
  process.exit(2);
}
process.exit(await (await suite())(args));
