// The cache of the Remote Execution API v2 over gRPC, as Bazel, moon, Buck2 and Pants speak it: the same results and files as over HTTP
// at /cache/bazel, with the same scopes. Loaded where a port for it was asked for.
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import type {
  MethodDefinition,
  sendUnaryData,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
} from "@grpc/grpc-js";
import type { Cache, CacheView } from "@sluice/core/builds/cache";
import { SluiceError, toWire } from "@sluice/protocol";
import { actionIn, emptyDigest, instancePattern, keepAction } from "../bazel.ts";
import { NotProtobuf, numberIn, textIn, within, written } from "../protobuf-fields.ts";
import {
  capabilities,
  digestAt,
  digestsAt,
  instanceOf,
  missingBlobs,
  readBlobs,
  resourceIn,
  rpcCodes,
  sentBlobs,
  updatedBlobs,
} from "./wire.ts";
import type { SizedDigest } from "./wire.ts";

/** Who asks, and what they may read and write. Throws `unauthorized` and `forbidden`. */
type Ask = (p: {
  readonly authorization: string | undefined;
  readonly address: string | undefined;
  readonly permission: "blob:read" | "blob:write";
}) => Promise<Parameters<Cache["view"]>[0]>;

export interface ReapiParts {
  readonly cache: () => Promise<Cache>;
  readonly ask: (p: Parameters<Ask>[0] & { readonly space: string }) => ReturnType<Ask>;
  /** In PEM format; without it the connections are plain. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly log: (message: string, error: unknown) => void;
}

type Unary = ServerUnaryCall<Buffer, Uint8Array>;
type Anywhere = Unary | ServerWritableStream<Buffer, Uint8Array> | ServerReadableStream<Buffer, Uint8Array>;

/** Of all files in one message, and of one message; what is longer is streamed. */
const batchBytesMax = 4_000_000;
const messageBytesMax = batchBytesMax + 194_304;
const pieceBytes = 1_048_576;
const foldersMax = 100_000;
const instanceCharsMax = 512;

const bytesOf = (value: Uint8Array): Buffer => Buffer.from(value.buffer, value.byteOffset, value.byteLength);

function method(path: string, streams: { readonly in?: boolean; readonly out?: boolean } = {}) {
  return {
    path,
    requestStream: streams.in === true,
    responseStream: streams.out === true,
    requestSerialize: bytesOf,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: bytesOf,
    responseDeserialize: (bytes: Buffer) => bytes,
  } satisfies MethodDefinition<Uint8Array, Uint8Array>;
}

const api = "/build.bazel.remote.execution.v2.";
const methods = {
  getCapabilities: method(`${api}Capabilities/GetCapabilities`),
  getActionResult: method(`${api}ActionCache/GetActionResult`),
  updateActionResult: method(`${api}ActionCache/UpdateActionResult`),
  findMissingBlobs: method(`${api}ContentAddressableStorage/FindMissingBlobs`),
  batchUpdateBlobs: method(`${api}ContentAddressableStorage/BatchUpdateBlobs`),
  batchReadBlobs: method(`${api}ContentAddressableStorage/BatchReadBlobs`),
  getTree: method(`${api}ContentAddressableStorage/GetTree`, { out: true }),
  read: method("/google.bytestream.ByteStream/Read", { out: true }),
  write: method("/google.bytestream.ByteStream/Write", { in: true }),
  queryWriteStatus: method("/google.bytestream.ByteStream/QueryWriteStatus"),
} satisfies ServiceDefinition;

/** A refusal in the words of gRPC. */
function refusalOf(error: unknown, log: ReapiParts["log"]): { readonly code: status; readonly details: string } {
  if (error instanceof NotProtobuf) return { code: status.INVALID_ARGUMENT, details: "That is no such message." };
  const { code, message: details } = toWire(error);
  if (code === "unauthorized") return { code: status.UNAUTHENTICATED, details };
  if (code === "forbidden") return { code: status.PERMISSION_DENIED, details };
  if (code === "not_found") return { code: status.NOT_FOUND, details };
  if (code === "conflict") return { code: status.FAILED_PRECONDITION, details };
  if (code === "payload_too_large" || code === "disk_full" || code === "too_many_requests")
    return { code: status.RESOURCE_EXHAUSTED, details };
  if (code === "bad_request" || code === "blob_mismatch") return { code: status.INVALID_ARGUMENT, details };
  log("a request over gRPC failed", error);
  return { code: status.UNAVAILABLE, details };
}

function missing(what: string): SluiceError {
  return new SluiceError({ code: "not_found", message: `${what} is not in the cache.` });
}

export class ReapiService {
  /** What it answers, for clients. */
  static readonly methods = methods;
  readonly #parts: ReapiParts;
  readonly #server = new Server({
    "grpc.max_receive_message_length": messageBytesMax,
    "grpc.max_send_message_length": messageBytesMax,
  });

  constructor(parts: ReapiParts) {
    this.#parts = parts;
    const answered = async (work: Promise<Uint8Array>, done: sendUnaryData<Uint8Array>): Promise<void> => {
      let bytes: Uint8Array;
      try {
        bytes = await work;
      } catch (error) {
        done(refusalOf(error, parts.log));
        return;
      }
      done(null, bytes);
    };
    const unary =
      (answer: (call: Unary) => Promise<Uint8Array>) =>
      (call: Unary, done: sendUnaryData<Uint8Array>): void =>
        void answered(answer(call), done);
    const streaming =
      (answer: (call: ServerWritableStream<Buffer, Uint8Array>) => Promise<void>) =>
      (call: ServerWritableStream<Buffer, Uint8Array>): void =>
        void answer(call).then(
          () => call.end(),
          (error: unknown) => void call.emit("error", refusalOf(error, parts.log)),
        );
    this.#server.addService(methods, {
      // Anybody's: Bazel asks for it without its token.
      getCapabilities: unary(async () => capabilities(batchBytesMax)),
      getActionResult: unary((call) => this.#getResult(call)),
      updateActionResult: unary((call) => this.#putResult(call)),
      findMissingBlobs: unary((call) => this.#findMissing(call)),
      batchUpdateBlobs: unary((call) => this.#takeBatch(call)),
      batchReadBlobs: unary((call) => this.#readBatch(call)),
      getTree: streaming((call) => this.#getTree(call)),
      read: streaming((call) => this.#read(call)),
      write: (call: ServerReadableStream<Buffer, Uint8Array>, done: sendUnaryData<Uint8Array>) =>
        void answered(this.#write(call), done),
      queryWriteStatus: unary((call) => this.#writeStatus(call)),
    });
  }

  /** Resolves with the port. Rejects where it cannot listen. */
  async listen(host: string, port: number): Promise<number> {
    const { tls } = this.#parts;
    const credentials =
      tls === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) }]);
    const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(where, credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
    });
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  async #view(call: Anywhere, instance: string, permission: "blob:read" | "blob:write"): Promise<CacheView> {
    if (instance !== "" && (instance.length > instanceCharsMax || !instancePattern.test(instance)))
      throw new SluiceError({ code: "bad_request", message: "That is no name of an instance." });
    const [authorization] = call.metadata.get("authorization");
    const space = instance === "" ? "bazel" : `bazel:${instance}`;
    const given = typeof authorization === "string" ? authorization : undefined;
    const address = /^(.*):\d+$/.exec(call.getPeer())?.[1];
    const caller = await this.#parts.ask({ authorization: given, address, permission, space });
    return (await this.#parts.cache()).view(caller);
  }

  async #getResult(call: Unary): Promise<Uint8Array> {
    const view = await this.#view(call, instanceOf(call.request), "blob:read");
    const found = view.find(digestAt(call.request, 2).hash);
    if (found === undefined) throw missing("The action");
    const { bytes, type } = actionIn(found.body);
    if (type.startsWith("application/json")) throw missing("The action");
    return bytes;
  }

  async #putResult(call: Unary): Promise<Uint8Array> {
    const view = await this.#view(call, instanceOf(call.request), "blob:write");
    const [bytes] = [...within(call.request, 3)];
    if (bytes === undefined) throw new NotProtobuf();
    await keepAction(view, { key: digestAt(call.request, 2).hash, bytes, type: "application/octet-stream" });
    return bytes;
  }

  async #findMissing(call: Unary): Promise<Uint8Array> {
    const view = await this.#view(call, instanceOf(call.request), "blob:read");
    const isThere = ({ hash }: SizedDigest): boolean => hash === emptyDigest || typeof view.open(hash) !== "string";
    return missingBlobs(digestsAt(call.request, 2).filter((digest) => !isThere(digest)));
  }

  async #takeBatch(call: Unary): Promise<Uint8Array> {
    const view = await this.#view(call, instanceOf(call.request), "blob:write");
    const answers: { readonly digest: SizedDigest; readonly code: number; readonly message: string }[] = [];
    for (const { digest, data, isPlain } of sentBlobs(call.request)) {
      const kept = isPlain ? await view.put({ bytes: data }) : undefined;
      const isRight = kept?.digest === digest.hash && kept.size === digest.size;
      const code = isRight ? rpcCodes.ok : rpcCodes.invalid;
      answers.push({ digest, code, message: isRight ? "" : "The bytes that came are not those of the digest." });
    }
    return updatedBlobs(answers);
  }

  async #readBatch(call: Unary): Promise<Uint8Array> {
    const view = await this.#view(call, instanceOf(call.request), "blob:read");
    const answers: { readonly digest: SizedDigest; readonly data: Uint8Array | undefined }[] = [];
    let left = batchBytesMax;
    for (const digest of digestsAt(call.request, 2)) {
      const data = await whole(view, digest, left);
      left -= data?.length ?? 0;
      answers.push({ digest, data });
    }
    return readBlobs(answers);
  }

  async #getTree(call: ServerWritableStream<Buffer, Uint8Array>): Promise<void> {
    const view = await this.#view(call, instanceOf(call.request), "blob:read");
    const waiting = [digestAt(call.request, 2)];
    const seen = new Set<string>();
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (seen.has(next.hash)) continue;
      if (seen.add(next.hash).size > foldersMax) throw new NotProtobuf();
      const folder = await whole(view, next, batchBytesMax);
      if (folder === undefined) throw missing("The folder");
      // Directory { directories = 2 { digest = 2 } }
      for (const inner of within(folder, 2)) waiting.push(digestAt(inner, 2));
      await sent(call, written([[1, folder]]));
    }
  }

  async #read(call: ServerWritableStream<Buffer, Uint8Array>): Promise<void> {
    const resource = resourceIn(textIn(call.request, 1), "read");
    if (resource === undefined) throw missing("A file of this name");
    const view = await this.#view(call, resource.instance, "blob:read");
    if (resource.digest.hash === emptyDigest) return;
    const blob = view.open(resource.digest.hash);
    if (typeof blob === "string") throw missing("The file");
    let [skip, left] = [numberIn(call.request, 2), numberIn(call.request, 3) || Number.POSITIVE_INFINITY];
    for await (const piece of view.content(blob)) {
      const rest = piece.subarray(Math.min(skip, piece.length));
      skip -= piece.length - rest.length;
      for (let at = 0; at < rest.length && left > 0; at += pieceBytes) {
        const part = rest.subarray(at, Math.min(at + pieceBytes, at + left));
        left -= part.length;
        if (call.cancelled) return;
        await sent(call, written([[10, part]]));
      }
      if (left <= 0) return;
    }
  }

  async #write(call: ServerReadableStream<Buffer, Uint8Array>): Promise<Uint8Array> {
    const messages = call[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    const first = await messages.next();
    if (first.done === true) throw new NotProtobuf();
    const resource = resourceIn(textIn(first.value, 1), "write");
    if (resource === undefined) throw new NotProtobuf();
    const view = await this.#view(call, resource.instance, "blob:write");
    const kept = await view.put({ pieces: piecesOf(first.value, messages) });
    if (kept.digest !== resource.digest.hash || kept.size !== resource.digest.size)
      throw new SluiceError({ code: "blob_mismatch", message: "The bytes that came are not those of the digest." });
    return written([[1, kept.size]]);
  }

  /** What was cut off is not kept: it begins anew. */
  async #writeStatus(call: Unary): Promise<Uint8Array> {
    const resource = resourceIn(textIn(call.request, 1), "write");
    if (resource === undefined) throw new NotProtobuf();
    const view = await this.#view(call, resource.instance, "blob:read");
    const isThere = typeof view.open(resource.digest.hash) !== "string";
    return written(
      isThere
        ? [
            [1, resource.digest.size],
            [2, 1],
          ]
        : [],
    );
  }
}

/** A file in one piece; undefined where it is not there, or longer. */
async function whole(view: CacheView, { hash, size }: SizedDigest, bytesMax: number): Promise<Uint8Array | undefined> {
  if (hash === emptyDigest) return new Uint8Array(0);
  const blob = size > bytesMax ? "missing" : view.open(hash);
  if (typeof blob === "string" || blob.size > bytesMax) return undefined;
  return Buffer.concat(await Array.fromAsync(view.content(blob)));
}

/** Waits while the other side takes no more. */
async function sent(call: ServerWritableStream<Buffer, Uint8Array>, message: Uint8Array): Promise<void> {
  if (call.write(message) || call.cancelled) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      for (const event of ["drain", "cancelled", "close"]) call.off(event, go);
      resolve();
    };
    for (const event of ["drain", "cancelled", "close"]) call.on(event, go);
  });
}

async function* piecesOf(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let message: Buffer | undefined = first; message !== undefined;) {
    // A client that goes on where it believes it was has lost what it sent.
    if (numberIn(message, 2) !== at) throw new NotProtobuf();
    for (const data of within(message, 10)) {
      at += data.length;
      yield data;
    }
    if (numberIn(message, 3) === 1) return;
    const next: IteratorResult<Buffer> = await rest.next();
    message = next.done === true ? undefined : next.value;
  }
  throw new SluiceError({ code: "bad_request", message: "The file did not arrive whole." });
}
