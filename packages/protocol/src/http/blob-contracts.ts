// What goes in and out of the routes of blobs.
import type { blobRoutes } from "./blob-routes.ts";
import { answer, header } from "./contract.ts";
import type { Contract } from "./contract.ts";

const bytes = "application/octet-stream";

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const blobContracts: Readonly<Record<keyof typeof blobRoutes, Contract>> = {
  getBlob: {
    parameters: [
      header("range", "`bytes=FROM-TO`, `bytes=FROM-` or `bytes=-LAST`; of several, none is heard"),
      header("if-range", "The ETag that the range is of; another one gets the whole blob"),
      header("if-none-match", "ETags that are there already"),
    ],
    responses: {
      200: { description: "The bytes; their SHA-256 is the ETag", type: bytes },
      206: { description: "The range of them", type: bytes },
      304: answer("It is there already"),
    },
  },
  putBlob: {
    requestType: bytes,
    responses: {
      200: answer("The scope held it before", "BlobStored"),
      201: answer("It is stored and durable, and the scope holds it", "BlobStored"),
    },
  },
  listMissingBlobs: {
    request: "BlobDigests",
    responses: { 200: answer("Those that none of the scopes holds", "MissingBlobs") },
  },
};
