// The start as lines for a shell, to copy.
import { useState } from "react";
import { useMe } from "../session/session.ts";
import { Card } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { apiUrlOf } from "./api-address.ts";
import { cliLine, curlLine, startBody } from "./command-lines.ts";
import type { StartRequest } from "./command-lines.ts";

const shells = [
  { name: "cli", label: "CLI" },
  { name: "curl", label: "curl" },
] as const;

export function StartLines({ request }: { readonly request: StartRequest }) {
  const [shell, setShell] = useState<"cli" | "curl">("cli");
  const authentication = useMe()?.authentication !== "none";
  const line =
    shell === "cli"
      ? cliLine(request, location.origin)
      : curlLine({
          url: apiUrlOf(`/api/v1/workflows/${encodeURIComponent(request.workflow)}/runs`),
          body: startBody(request),
          authentication,
        });
  return (
    <Card title="The same in a shell">
      <Tabs label="Shell" tabs={shells} current={shell} onChange={setShell}>
        <CodeBlock wrap text={line} label={shell === "cli" ? "Command" : "curl line"} />
      </Tabs>
    </Card>
  );
}
