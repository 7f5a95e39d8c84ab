// What a package gets from outside.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { packageOf } from "../graph/fixture.suite.ts";
import { ExternalDependencies } from "./lockfile.ts";
import { forms } from "./lockfiles/forms.suite.ts";
import { decisive, fixtureText, packagesOf, reachable, written } from "./lockfiles/lockfiles.suite.ts";

const lock = (versionOfB: string, more: object = {}): string =>
  JSON.stringify({
    lockfileVersion: 3,
    packages: {
      "": {},
      "node_modules/a": { version: "1.0.0", dependencies: { b: "*" } },
      "node_modules/b": { version: versionOfB, integrity: `sha512-${versionOfB}` },
      "node_modules/c": { version: "1.0.0" },
      ...more,
    },
  });

const digest = (text: string, dependencies: readonly string[], file = "package-lock.json"): string =>
  new ExternalDependencies({ file, text }).digestFor(packageOf("app", dependencies));

test("only what its own dependencies lead to counts for a package", () => {
  expect(digest(lock("1.0.0"), ["a"])).not.toBe(digest(lock("2.0.0"), ["a"]));
  expect(digest(lock("1.0.0"), ["c"])).toBe(digest(lock("2.0.0"), ["c"]));
  expect(digest(lock("1.0.0"), ["a"])).toBe(digest(lock("1.0.0", { "node_modules/z": { version: "9.9.9" } }), ["a"]));
});

test("a lockfile of a form that is not known counts as a whole", () => {
  expect(digest("one", ["c"], "other.lock")).not.toBe(digest("two", ["c"], "other.lock"));
  expect(new ExternalDependencies({ file: undefined, text: undefined }).isPruned).toBe(false);
});

test("what was found is remembered for as long as the lockfile is the same, and no longer", () => {
  const notes = new Map<string, string>();
  const memory = {
    note: (name: string) => notes.get(name),
    remember: (name: string, text: string) => void notes.set(name, text),
  };
  const asked = (text: string): string => {
    const external = new ExternalDependencies({ file: "package-lock.json", text, notes: memory });
    const found = external.digestFor(packageOf("app", ["a"]));
    external.save();
    return found;
  };
  const first = asked(lock("1.0.0"));
  expect(notes.size).toBe(1);
  // What is remembered is believed, without a look into the file.
  for (const [name, text] of notes) notes.set(name, text.replaceAll(first, "remembered"));
  expect(asked(lock("1.0.0"))).toBe("remembered");
  expect(asked(lock("2.0.0"))).toBe(digest(lock("2.0.0"), ["a"]));
});

test("a file that is applied to a package counts with what it holds", () => {
  const text = JSON.stringify({
    lockfileVersion: 1,
    workspaces: { "": {} },
    packages: { a: ["a@1.0.0", "", {}, "x"] },
    patchedDependencies: { "a@1.0.0": "patches/a.patch" },
  });
  const of = (content: string): string =>
    new ExternalDependencies({ file: "bun.lock", text, digestOf: (path) => `${path} ${content}` }).digestFor(
      packageOf("app", ["a"]),
    );
  expect(of("one")).toBe(of("one"));
  expect(of("one")).not.toBe(of("two"));
});

describe("a lockfile that the package manager itself has written", () => {
  test.each(written)("%s decides by each package for those that reach it alone", (fixture, file, protocol) => {
    expect(decisive(file, fixtureText(fixture), protocol)).toEqual({
      isPruned: true,
      app: reachable.app.length,
      lib: reachable.lib.length,
      both: 0,
    });
  });

  test.each(written)("%s says nothing to a package that depends on nothing", (fixture, file) => {
    const of = (text: string): string => new ExternalDependencies({ file, text }).digestFor(packageOf("none"));
    expect(of(fixtureText(fixture))).toBe(of(fixtureText(fixture).replaceAll("18.2.0", "18.3.0")));
    expect(Object.keys(packagesOf("*"))).toEqual(["app", "lib"]);
  });
});

describe("whatever packages depend on", () => {
  const name = fc.constantFrom("a", "b", "@s/c", "d", "e-f", "@s/g");
  const names = fc.uniqueArray(name, { maxLength: 3 });
  const model = fc.record({
    external: fc.dictionary(name, names, { minKeys: 1, noNullPrototype: true }),
    app: names,
    lib: names,
    changed: name,
  });
  const known = (all: Readonly<Record<string, unknown>>, some: readonly string[]): readonly string[] =>
    some.filter((each) => Object.hasOwn(all, each));

  test.each(Object.entries(forms))(
    "in %s a package is another exactly for those that reach it",
    (_form, { file, write }) => {
      fc.assert(
        fc.property(model, ({ external, app, lib, changed }) => {
          const all = Object.fromEntries(Object.entries(external).map(([id, asked]) => [id, known(external, asked)]));
          const workspaces = { app: known(all, app), lib: known(all, lib) };
          const reachedBy = (start: readonly string[]): ReadonlySet<string> => {
            const seen = new Set(start);
            for (const each of seen) for (const other of all[each] ?? []) seen.add(other);
            return seen;
          };
          const text = (of: string | undefined): string => write({ external: all, workspaces, changed: of });
          for (const [pkg, asked] of Object.entries(workspaces)) {
            const found = (content: string): string => {
              const read = new ExternalDependencies({ file, text: content });
              expect(read.isPruned).toBe(true);
              return read.digestFor({
                ...packageOf(pkg),
                dependencies: Object.fromEntries(asked.map((id) => [id, "^1.0.0"])),
              });
            };
            const isAnother = found(text(undefined)) !== found(text(changed));
            expect(isAnother).toBe(reachedBy(asked).has(changed));
          }
        }),
        { numRuns: 60 },
      );
    },
  );
});
