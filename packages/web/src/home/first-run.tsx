// What stands on the first screen while there are no runs: how to make one.
import { Link } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { useApi } from "../query.ts";
import { useMayOf, useMe } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { Text } from "../ui/text.tsx";
import { cliLine, curlLine } from "../workflows/command-lines.ts";
import { isObject } from "../workflows/json-value.ts";
import { startValue } from "../workflows/schema-form.ts";

const shownMax = 6;

export function FirstRun() {
  const may = useMayOf();
  const workflows = useApi("listWorkflows", {});
  const names = (workflows.data?.workflows ?? []).map(({ name }) => name);
  const startable = names.filter((name) => may("run:start", name));
  const [first] = startable;
  if (workflows.data === undefined) return null;
  if (first === undefined) return <NoWorkflow any={names.length > 0} />;
  return (
    <Card title="Start your first run">
      <div className="flex flex-col gap-4">
        <p className="text-sm text-ink-soft">
          Nothing has run yet. Choose a workflow to start it with a form, or copy one of the lines.
        </p>
        <div className="flex flex-wrap gap-2">
          {startable.slice(0, shownMax).map((name, index) => (
            <Button key={name} tone={index === 0 ? "primary" : "plain"} asChild>
              <Link to="/workflows/$name/start" params={{ name }} className="max-w-full">
                <Play aria-hidden className="size-3.5 shrink-0" />
                <Text truncate className="max-w-64">
                  {name}
                </Text>
              </Link>
            </Button>
          ))}
          {startable.length > shownMax && (
            <Button tone="quiet" asChild>
              <Link to="/workflows">All {startable.length} workflows</Link>
            </Button>
          )}
        </div>
        <Lines workflow={first} />
      </div>
    </Card>
  );
}

function Lines({ workflow }: { readonly workflow: string }) {
  const described = useApi("getWorkflow", { params: { name: workflow } });
  const authentication = useMe()?.authentication !== "none";
  const schema = described.data?.workflow.inputSchema;
  const input = isObject(schema) ? startValue(schema, schema) : {};
  const request = { workflow, input };
  const url = new URL(`/api/v1/workflows/${encodeURIComponent(workflow)}/runs`, location.origin).href;
  return (
    <div className="grid gap-3 lg:grid-cols-2">
      <CodeBlock wrap label="Command" text={cliLine(request, location.origin)} />
      <CodeBlock wrap label="curl line" text={curlLine({ url, body: { input: input ?? null }, authentication })} />
    </div>
  );
}

function NoWorkflow({ any }: { readonly any: boolean }) {
  return (
    <Card title={any ? "Nothing has run yet" : "No workflows are deployed yet"}>
      <div className="flex flex-col gap-3 text-sm text-ink-soft">
        {any ? (
          <p>You may not start runs: those of others show up here by themselves.</p>
        ) : (
          <>
            <p>
              A file below workflows/ that exports a workflow is deployed by itself when it is saved. A project to begin
              with:
            </p>
            <CodeBlock label="Command" text="sluice init my-project" className="max-w-md" />
          </>
        )}
      </div>
    </Card>
  );
}
