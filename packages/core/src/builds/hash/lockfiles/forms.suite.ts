// Writers of every kind of lockfile, for drawn workspaces of the packages `app` and `lib`: each external package has one version.

interface Model {
  /** What each external package depends on, by name. */
  readonly external: Readonly<Record<string, readonly string[]>>;
  readonly workspaces: Readonly<Record<string, readonly string[]>>;
  /** One that has another digest than usual. */
  readonly changed: string | undefined;
}

interface Form {
  readonly file: string;
  readonly write: (model: Model) => string;
}

const ranges = (names: readonly string[], range: string): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [name, range]));
const integrity = (name: string, changed: string | undefined): string => `sha512-${name === changed ? "other" : name}`;

function record<T>(
  all: Readonly<Record<string, readonly string[]>>,
  of: (name: string, asked: readonly string[]) => readonly [string, T],
): Record<string, T> {
  return Object.fromEntries(Object.entries(all).map(([name, asked]) => of(name, asked)));
}

function npm({ external, workspaces, changed }: Model): string {
  const packages = {
    "": {},
    ...record(workspaces, (name, asked) => [`packages/${name}`, { dependencies: ranges(asked, "^1.0.0") }]),
    ...record(external, (name, asked) => [
      `node_modules/${name}`,
      { version: "1.0.0", integrity: integrity(name, changed), dependencies: ranges(asked, "^1.0.0") },
    ]),
  };
  return JSON.stringify({ lockfileVersion: 3, packages });
}

function pnpm(version: string, idOf: (name: string) => string): (model: Model) => string {
  return ({ external, workspaces, changed }) => {
    const isNew = !version.startsWith("5");
    const importers = record(workspaces, (name, asked) => [
      `packages/${name}`,
      {
        dependencies: Object.fromEntries(
          asked.map((each) => [each, isNew ? { specifier: "^1.0.0", version: "1.0.0" } : "1.0.0"]),
        ),
      },
    ]);
    const entries = record(external, (name, asked) => [
      idOf(name),
      { resolution: { integrity: integrity(name, changed) }, dependencies: ranges(asked, "1.0.0") },
    ]);
    // JSON is YAML.
    if (version !== "9.0") return JSON.stringify({ lockfileVersion: version, importers, packages: entries });
    const packages = record(external, (name) => [idOf(name), { resolution: { integrity: integrity(name, changed) } }]);
    const snapshots = record(external, (name, asked) => [idOf(name), { dependencies: ranges(asked, "1.0.0") }]);
    return JSON.stringify({ lockfileVersion: version, importers, packages, snapshots });
  };
}

function yarn({ external, changed }: Model): string {
  const entries = Object.entries(external).map(([name, asked]) =>
    [
      `"${name}@^1.0.0", ${JSON.stringify(`${name}@^1.0.1`)}:`,
      '  version "1.0.0"',
      `  integrity ${integrity(name, changed)}`,
      ...(asked.length === 0 ? [] : ["  dependencies:", ...asked.map((each) => `    "${each}" "^1.0.0"`)]),
    ].join("\n"),
  );
  return `# yarn lockfile v1\n\n${entries.join("\n\n")}\n`;
}

function berry({ external, workspaces, changed }: Model): string {
  return JSON.stringify({
    __metadata: { version: 8 },
    ...record(workspaces, (name, asked) => [
      `${name}@workspace:packages/${name}`,
      { resolution: `${name}@workspace:packages/${name}`, dependencies: ranges(asked, "npm:^1.0.0") },
    ]),
    ...record(external, (name, asked) => [
      `${name}@npm:^1.0.0, ${name}@npm:^1.0.1`,
      {
        version: "1.0.0",
        resolution: `${name}@npm:1.0.0`,
        checksum: integrity(name, changed),
        dependencies: ranges(asked, "npm:^1.0.0"),
      },
    ]),
  });
}

function bun({ external, workspaces, changed }: Model): string {
  const packages = {
    ...record(workspaces, (name) => [
      name === "lib" ? "lib-of-ours" : "app-of-ours",
      [`${name}@workspace:packages/${name}`],
    ]),
    ...record(external, (name, asked) => [
      name,
      [`${name}@1.0.0`, "", { dependencies: ranges(asked, "^1.0.0") }, integrity(name, changed)],
    ]),
  };
  const inFolders = record(workspaces, (name, asked) => [
    `packages/${name}`,
    { name, dependencies: ranges(asked, "^1.0.0") },
  ]);
  return JSON.stringify({ lockfileVersion: 1, workspaces: { "": { name: "shop" }, ...inFolders }, packages });
}

export const forms: Readonly<Record<string, Form>> = {
  npm: { file: "package-lock.json", write: npm },
  "pnpm 6 and 7": { file: "pnpm-lock.yaml", write: pnpm("5.4", (name) => `/${name}/1.0.0`) },
  "pnpm 8": { file: "pnpm-lock.yaml", write: pnpm("6.0", (name) => `/${name}@1.0.0`) },
  "pnpm 9": { file: "pnpm-lock.yaml", write: pnpm("9.0", (name) => `${name}@1.0.0`) },
  "yarn 1": { file: "yarn.lock", write: yarn },
  "yarn berry": { file: "yarn.lock", write: berry },
  bun: { file: "bun.lock", write: bun },
};
