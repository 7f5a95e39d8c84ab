import { expect, test } from "bun:test";
import { blobsUrlFor } from "./open-fleet.ts";

const own = () => "http://127.0.0.1:7890";

test("a worker is told where blobs are as far as the server knows how it is reached", () => {
  const given = { given: "https://build.example", own };
  const bare = { given: undefined, own };
  const tcp = (address: string | undefined) => ({ kind: "tcp" as const, address });
  const socket = { kind: "websocket" as const, address: "192.0.2.1" };
  expect([blobsUrlFor(tcp("192.0.2.1"), given), blobsUrlFor(socket, given)]).toEqual([given.given, given.given]);
  expect(blobsUrlFor(socket, bare)).toBe("/");
  for (const here of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) expect(blobsUrlFor(tcp(here), bare)).toBe(own());
  for (const there of ["192.0.2.1", "127.example.org", undefined])
    expect(blobsUrlFor(tcp(there), bare)).toBeUndefined();
  expect(blobsUrlFor(tcp("127.0.0.1"), undefined)).toBeUndefined();
});
