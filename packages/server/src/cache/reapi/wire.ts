// Messages of the Remote Execution API v2 as bytes (build/bazel/remote/execution/v2/remote_execution.proto, google/bytestream/bytestream.proto):
// so much of them as a cache needs, by the numbers of their fields.
import { NotProtobuf, numberIn, textIn, within, written } from "../protobuf-fields.ts";

export interface SizedDigest {
  readonly hash: string;
  /** Bytes. */
  readonly size: number;
}

const hashPattern = /^[0-9a-f]{64}$/;
/** google.rpc.Code of answers inside of messages. */
export const rpcCodes = { ok: 0, invalid: 3, notFound: 5, exhausted: 8 } as const;

/** `Digest { string hash = 1; int64 size_bytes = 2; }`. Throws `NotProtobuf` for another function than SHA-256. */
function digestOf(message: Uint8Array): SizedDigest {
  const hash = textIn(message, 1);
  if (!hashPattern.test(hash)) throw new NotProtobuf();
  return { hash, size: numberIn(message, 2) };
}

export function digestBytes({ hash, size }: SizedDigest): Uint8Array {
  return written([
    [1, hash],
    [2, size],
  ]);
}

/** Those in the fields with this number. */
export function digestsAt(message: Uint8Array, number: number): readonly SizedDigest[] {
  return [...within(message, number)].map((each) => digestOf(each));
}

/** The one in the field with this number. */
export function digestAt(message: Uint8Array, number: number): SizedDigest {
  const [digest] = digestsAt(message, number);
  if (digest === undefined) throw new NotProtobuf();
  return digest;
}

/** `instance_name = 1` of every request. */
export function instanceOf(message: Uint8Array): string {
  return textIn(message, 1);
}

/** `ServerCapabilities`: SHA-256, results may be written, so many bytes in a batch; 2.0 to 2.3. */
export function capabilities(batchBytesMax: number): Uint8Array {
  const cache = written([
    [1, Uint8Array.of(1)],
    [2, written([[1, 1]])],
    [4, batchBytesMax],
    [5, 2],
  ]);
  const version = (minor: number): Uint8Array =>
    written([
      [1, 2],
      [2, minor],
    ]);
  return written([
    [1, cache],
    [4, version(0)],
    [5, version(3)],
  ]);
}

/** `FindMissingBlobsResponse`. */
export function missingBlobs(digests: readonly SizedDigest[]): Uint8Array {
  return written(digests.map((digest) => [2, digestBytes(digest)] as const));
}

export interface SentBlob {
  readonly digest: SizedDigest;
  readonly data: Uint8Array;
  readonly isPlain: boolean;
}

/** Of `BatchUpdateBlobsRequest`. */
export function sentBlobs(message: Uint8Array): readonly SentBlob[] {
  return [...within(message, 2)].map((request) => {
    const [data = new Uint8Array(0)] = [...within(request, 2)];
    return { digest: digestAt(request, 1), data, isPlain: numberIn(request, 3) === 0 };
  });
}

/** `BatchUpdateBlobsResponse`. */
export function updatedBlobs(
  answers: readonly { readonly digest: SizedDigest; readonly code: number; readonly message: string }[],
): Uint8Array {
  return written(
    answers.map(({ digest, code, message }) => {
      const status = written([
        [1, code],
        [2, message],
      ]);
      return [
        1,
        written([
          [1, digestBytes(digest)],
          [2, status],
        ]),
      ] as const;
    }),
  );
}

/** `BatchReadBlobsResponse`; without data it is not there. */
export function readBlobs(
  answers: readonly { readonly digest: SizedDigest; readonly data: Uint8Array | undefined }[],
): Uint8Array {
  return written(
    answers.map(({ digest, data }) => {
      const status = written([[1, data === undefined ? rpcCodes.notFound : rpcCodes.ok]]);
      return [
        1,
        written([[1, digestBytes(digest)], ...(data === undefined ? [] : [[2, data] as const]), [3, status]]),
      ] as const;
    }),
  );
}

export interface Resource {
  readonly instance: string;
  readonly digest: SizedDigest;
}

/**
 * Names of ByteStream: `[INSTANCE/]blobs/HASH/SIZE` to be read, `[INSTANCE/]uploads/UUID/blobs/HASH/SIZE[/…]` to be written. Undefined
 * for what is neither, and for packed ones, which are not offered.
 */
export function resourceIn(name: string, use: "read" | "write"): Resource | undefined {
  const upload = use === "write" ? "uploads/[^/]+/" : "";
  const found = new RegExp(`^(?:(.*)/)?${upload}blobs/([0-9a-f]{64})/(\\d{1,15})(?:/.*)?$`).exec(name);
  const [, instance = "", hash = "", size] = found ?? [];
  return found === null ? undefined : { instance, digest: { hash, size: Number(size) } };
}
