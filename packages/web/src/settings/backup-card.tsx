// A backup of everything but the keys, as a file. It is written to disk as it comes where the browser can do that.
import { DatabaseBackup } from "lucide-react";
import { useState } from "react";
import { saveBlob } from "../account/save-text.ts";
import { ApiError, apiUrl, asApiError } from "../api.ts";
import { useToasts } from "../parts.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { formatBytes } from "../ui/time-format.ts";

const fileName = "sluice-backup.tar";

/** In browsers that let a page write a file somebody chose. */
type SavePicker = (options: { readonly suggestedName: string }) => Promise<{
  createWritable(): Promise<WritableStream<Uint8Array>>;
}>;

/** The archive as it is made. Throws an `ApiError` for an answer that is none. */
async function readBackup(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(apiUrl("backup", { body: {} }), { method: "POST", headers, body: "{}", signal });
  if (response.ok && response.body !== null) return response.body;
  const { error } = (await response.json()) as { error: { code: "unavailable"; message: string; hint?: string } };
  throw new ApiError({ ...error, status: response.status });
}

function counting(onBytes: (bytes: number) => void): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(piece, controller) {
      bytes += piece.length;
      onBytes(bytes);
      controller.enqueue(piece);
    },
  });
}

async function saveBackup(signal: AbortSignal, onBytes: (bytes: number) => void): Promise<void> {
  const pick = (globalThis as { showSaveFilePicker?: SavePicker }).showSaveFilePicker;
  // Asked first: browsers let a page open it only right after a click.
  const file = await pick?.({ suggestedName: fileName });
  const archive = (await readBackup(signal)).pipeThrough(counting(onBytes));
  if (file === undefined) saveBlob(fileName, await new Response(archive).blob());
  else await archive.pipeTo(await file.createWritable(), { signal });
}

export function BackupCard() {
  const toasts = useToasts();
  const [work, setWork] = useState<AbortController>();
  const [bytes, setBytes] = useState(0);
  const start = async () => {
    const controller = new AbortController();
    setWork(controller);
    setBytes(0);
    try {
      await saveBackup(controller.signal, setBytes);
      toasts.show({ tone: "good", title: "The backup is whole" });
    } catch (error) {
      const cancelled = error instanceof Error && error.name === "AbortError";
      if (!cancelled) toasts.fail(asApiError(error));
    } finally {
      setWork(undefined);
    }
  };
  return (
    <Card title="Backup">
      <div className="flex flex-col gap-3 text-sm text-ink-soft">
        <p>
          A consistent copy of everything but the keys, made while work goes on. It holds what runs were given and what
          they answered: keep it as safe as the server.
        </p>
        <div className="flex items-center gap-3">
          <Button icon={DatabaseBackup} busy={work !== undefined} onClick={() => void start()}>
            Download a backup
          </Button>
          {work !== undefined && (
            <>
              <span role="status" className="tabular text-xs">
                {formatBytes(bytes)}
              </span>
              <Button size="sm" tone="quiet" onClick={() => work.abort()}>
                Cancel
              </Button>
            </>
          )}
        </div>
        <CodeBlock text="sluice backup backup.tar" label="The same on the command line" />
      </div>
    </Card>
  );
}
