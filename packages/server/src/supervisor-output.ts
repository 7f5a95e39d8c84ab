// What user code prints: lines of the worker's standard output and error, on their way into the server's log.

export interface OutputOptions {
  /** Longer lines are cut here. */
  readonly lineBytesMax: number;
  readonly line: (stream: "stdout" | "stderr", text: string) => void;
}

interface Streams {
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
}

/** Hands on every line of both streams; resolves when both have ended. */
export async function logLines(from: Streams, options: OutputOptions): Promise<void> {
  await Promise.all([pump(from.stdout, "stdout", options), pump(from.stderr, "stderr", options)]);
}

async function pump(
  stream: ReadableStream<Uint8Array>,
  name: "stdout" | "stderr",
  { lineBytesMax, line }: OutputOptions,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  let cut = false;
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) {
      if (!cut) line(name, text.slice(0, lineBytesMax));
      cut = false;
    }
    if (rest.length <= lineBytesMax) continue;
    if (!cut) line(name, rest.slice(0, lineBytesMax));
    cut = true;
    rest = "";
  }
  if (rest !== "" && !cut) line(name, rest);
}
