// What goes in and out of the routes in the protocols of other build tools, as far as it can be said here: their own pages say the rest.
import { answer, header, query } from "./contract.ts";
import type { Contract } from "./contract.ts";
import type { foreignCacheRoutes } from "./cache-routes.ts";

const bytes = "application/octet-stream";
const team = [query("slug", "Name of the team"), query("teamId", "Id of the team")];
const turboHeaders = [
  header("x-artifact-duration", "How long the task took, in milliseconds"),
  header("x-artifact-tag", "The client's own signature"),
  header("x-artifact-sha", "The commit"),
  header("x-artifact-dirty-hash", "What differs from it"),
];
const got: Contract = { responses: { 200: { description: "It is there", type: bytes } } };
const taken: Contract = { requestType: bytes, responses: { 200: answer("It is kept") } };

/** What each route takes and answers. Failures look as each client expects them. */
export const foreignCacheContracts: Readonly<Record<keyof typeof foreignCacheRoutes, Contract>> = {
  turboStatus: { parameters: team, responses: { 200: answer("There is", "TurboStatus") } },
  recordTurboEvents: {
    parameters: team,
    request: "TurboEvents",
    responses: { 200: answer("Counted", "TurboNothing") },
  },
  queryTurboArtifacts: {
    parameters: team,
    request: "TurboHashes",
    responses: { 200: answer("What is known of each, or null", "TurboFound") },
  },
  getTurboArtifact: { ...got, parameters: team },
  putTurboArtifact: {
    parameters: [...team, ...turboHeaders],
    requestType: bytes,
    responses: { 202: answer("It is kept", "TurboKept") },
  },
  getNxTask: got,
  putNxTask: taken,
  getBazelBlob: got,
  putBazelBlob: taken,
  getMoonBlob: got,
  putMoonBlob: taken,
  getCcacheResult: got,
  putCcacheResult: taken,
  removeCcacheResult: { responses: { 204: answer("It is not there any more") } },
  getGradleOutput: got,
  putGradleOutput: taken,
  callGithubCache: {
    request: "GithubCacheCall",
    responses: { 200: answer("As the method has it", "GithubCacheAnswer") },
  },
  getGithubBlob: got,
  putGithubBlob: {
    parameters: [query("comp", "`block` or `blocklist`"), query("blockid", "Of a block")],
    requestType: bytes,
    responses: { 201: answer("It is there") },
  },
};
