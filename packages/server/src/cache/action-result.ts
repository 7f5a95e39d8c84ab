// Which files an action result of the Remote Execution API v2 names (build/bazel/remote/execution/v2/remote_execution.proto): only
// digests are read, everything else is passed on as it came.
import { NotProtobuf, within } from "./protobuf-fields.ts";

export interface NamedByResult {
  readonly digests: readonly string[];
  /** Of them, those of folders: what is in them is named there. */
  readonly trees: readonly string[];
}

const digestPattern = /^[0-9a-f]{64}$/;
const foldersMax = 100_000;

/** `Digest { string hash = 1; int64 size_bytes = 2; }` */
function digestIn(message: Uint8Array): string {
  const [hash] = [...within(message, 1)];
  const text = hash === undefined ? "" : Buffer.from(hash).toString("latin1");
  if (!digestPattern.test(text)) throw new NotProtobuf();
  return text;
}

/** Those of `ActionResult`; undefined for what is none. */
export function digestsOfResult(message: Uint8Array): NamedByResult | undefined {
  return readable(() => {
    const [digests, trees]: [string[], string[]] = [[], []];
    // output_files = 2 { digest = 2; contents = 5 }
    for (const file of within(message, 2)) for (const digest of within(file, 2)) digests.push(digestIn(digest));
    // output_directories = 3 { tree_digest = 3; root_directory_digest = 5 }
    for (const folder of within(message, 3)) {
      for (const digest of within(folder, 3)) {
        const tree = digestIn(digest);
        digests.push(tree);
        trees.push(tree);
      }
    }
    // stdout_digest = 6, stderr_digest = 8
    for (const number of [6, 8]) for (const digest of within(message, number)) digests.push(digestIn(digest));
    return { digests, trees };
  });
}

/** The files in a `Tree { Directory root = 1; repeated Directory children = 2; }`; undefined for what is none. */
export function digestsOfTree(message: Uint8Array): readonly string[] | undefined {
  return readable(() => {
    const digests: string[] = [];
    let folders = 0;
    for (const number of [1, 2]) {
      for (const folder of within(message, number)) {
        if (++folders > foldersMax) throw new NotProtobuf();
        // Directory { repeated FileNode files = 1 { digest = 2 } }
        for (const file of within(folder, 1)) for (const digest of within(file, 2)) digests.push(digestIn(digest));
      }
    }
    return digests;
  });
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotProtobuf) return undefined;
    throw error;
  }
}

/** Those of an action result as JSON, however its fields are spelled: every object with a hash and a size is a digest. */
export function digestsOfJson(bytes: Uint8Array): readonly string[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const digests: string[] = [];
  const waiting: unknown[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== "object" || next === null) continue;
    const { hash, size_bytes, sizeBytes } = next as Record<string, unknown>;
    if (typeof hash === "string" && (size_bytes ?? sizeBytes) !== undefined) {
      if (digestPattern.test(hash)) digests.push(hash);
      else if (hash !== "") return undefined;
    }
    waiting.push(...(Object.values(next) as unknown[]).filter((each) => each !== undefined && each !== null));
  }
  return digests;
}
