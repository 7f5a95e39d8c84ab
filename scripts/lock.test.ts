// The lock file is completed for platforms whose packages a registry lacks, and for nothing else.

import { expect, test } from "bun:test";
import { completeLock, platformOf } from "./lock.ts";

test("a platform is read from a package's name", () => {
  expect(platformOf("@x/binding-linux-arm64-musl")).toEqual({ os: ["linux"], cpu: ["arm64"], libc: ["musl"] });
  expect(platformOf("@x/binding-linux-arm-gnueabihf")).toEqual({ os: ["linux"], cpu: ["arm"], libc: ["glibc"] });
  expect(platformOf("@x/bun-windows-aarch64")).toEqual({ os: ["win32"], cpu: ["arm64"] });
  expect(platformOf("@x/darwin-x64")).toEqual({ os: ["darwin"], cpu: ["x64"] });
  expect(platformOf("fsevents")).toBeUndefined();
});

test("missing platform packages are added once, exactly pinned ones only", () => {
  const optionalDependencies = {
    "@x/linux-x64": "1.0.0",
    "@x/win32-x64": "1.0.0",
    "@x/darwin-x64": "^1.0.0",
    fsevents: "2.0.0",
  };
  const lock = {
    packages: {
      "node_modules/x": { version: "1.0.0", dev: true, optionalDependencies },
      "node_modules/@x/linux-x64": { version: "1.0.0" },
    },
  };
  const first = completeLock(lock);
  expect(first.added).toEqual(["@x/win32-x64"]);
  expect(first.lock.packages["node_modules/@x/win32-x64"]).toEqual({
    version: "1.0.0",
    dev: true,
    optional: true,
    os: ["win32"],
    cpu: ["x64"],
  });
  expect(completeLock(first.lock).added).toEqual([]);
});
