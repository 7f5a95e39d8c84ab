// The caches of other build tools. Each has a file of its own, which loads with its first request.
import type { Call, Handler } from "../call.ts";

/** A handler in a module that is loaded when it is first called. */
function from<Module>(load: () => Promise<Module>, pick: (module: Module) => Handler): Handler {
  return async (call: Call) => pick(await load())(call);
}

const turbo = () => import("../cache/turbo.ts");
const nx = () => import("../cache/nx.ts");
const bazel = () => import("../cache/bazel.ts");
const plain = () => import("../cache/plain.ts");
const github = () => import("../cache/github.ts");

export const turboStatus = from(turbo, ({ status }) => status);
export const recordTurboEvents = from(turbo, ({ events }) => events);
export const queryTurboArtifacts = from(turbo, ({ query }) => query);
export const getTurboArtifact = from(turbo, ({ get }) => get);
export const putTurboArtifact = from(turbo, ({ put }) => put);

export const getNxTask = from(nx, ({ get }) => get);
export const putNxTask = from(nx, ({ put }) => put);

export const getBazelBlob = from(
  bazel,
  ({ getBlob }) =>
    (call) =>
      getBlob(call, "bazel"),
);
export const putBazelBlob = from(
  bazel,
  ({ putBlob }) =>
    (call) =>
      putBlob(call, "bazel"),
);
export const getMoonBlob = from(
  bazel,
  ({ getBlob }) =>
    (call) =>
      getBlob(call, "moon"),
);
export const putMoonBlob = from(
  bazel,
  ({ putBlob }) =>
    (call) =>
      putBlob(call, "moon"),
);

export const getCcacheResult = from(
  plain,
  ({ getPlain, ccache }) =>
    (call) =>
      getPlain(call, ccache),
);
export const putCcacheResult = from(
  plain,
  ({ putPlain, ccache }) =>
    (call) =>
      putPlain(call, ccache),
);
export const removeCcacheResult = from(
  plain,
  ({ removePlain, ccache }) =>
    (call) =>
      removePlain(call, ccache),
);
export const getGradleOutput = from(
  plain,
  ({ getPlain, gradle }) =>
    (call) =>
      getPlain(call, gradle),
);
export const putGradleOutput = from(
  plain,
  ({ putPlain, gradle }) =>
    (call) =>
      putPlain(call, gradle),
);

export const callGithubCache = from(github, ({ callMethod }) => callMethod);
export const getGithubBlob = from(github, ({ getBlob }) => getBlob);
export const putGithubBlob = from(github, ({ putBlob }) => putBlob);
