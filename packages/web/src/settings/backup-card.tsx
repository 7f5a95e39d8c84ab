// A backup of everything but the keys, as a download: the browser writes it to disk as it comes.
import { DatabaseBackup } from "lucide-react";
import { useState } from "react";
import { api, apiUrl } from "../api.ts";
import { useToasts } from "../parts.ts";
import { useMe } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code-block.tsx";

const fileName = "sluice-backup.tar";

/** Hands the download over to the browser, which shows how far it is and where it went. */
function download(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
}

export function BackupCard() {
  const toasts = useToasts();
  const needsTicket = useMe()?.authentication !== "none";
  const [busy, setBusy] = useState(false);
  const start = async () => {
    setBusy(true);
    try {
      const route = apiUrl("downloadBackup");
      const ticket = needsTicket ? (await api("createTicket", { body: { route } })).ticket : undefined;
      download(apiUrl("downloadBackup", { query: { ticket } }));
      toasts.show({
        tone: "good",
        title: "The backup is being downloaded",
        detail: "Your browser says when it is whole.",
      });
    } catch (error) {
      toasts.fail(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card title="Backup">
      <div className="flex flex-col gap-3 text-sm text-ink-soft">
        <p>
          A consistent copy of everything but the keys, made while work goes on. It holds what runs were given and what
          they answered: keep it as safe as the server.
        </p>
        <div>
          <Button icon={DatabaseBackup} busy={busy} onClick={() => void start()}>
            Download a backup
          </Button>
        </div>
        <CodeBlock text="sluice backup backup.tar" label="The same on the command line" />
      </div>
    </Card>
  );
}
