// What a workflow takes: the JSON Schema of its input, and a value to begin with.
import { Link } from "@tanstack/react-router";
import { Braces } from "lucide-react";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { EmptyState } from "../ui/states.tsx";
import { writeJson } from "./json-value.ts";
import { startValue } from "./schema-form.ts";
import { schemaOf } from "./words.ts";
import type { Workflow } from "./words.ts";

export function InputTab({ workflow }: { readonly workflow: Workflow }) {
  const schema = schemaOf(workflow);
  if (schema === undefined) {
    return (
      <EmptyState
        icon={Braces}
        title="It does not say what it takes"
        actions={
          <Button asChild>
            <Link to="/workflows/$name/start" params={{ name: workflow.name }}>
              Start it with JSON
            </Link>
          </Button>
        }
      >
        With a schema in its code (<code className="font-mono text-xs">input: z.object(…)</code>) its input is checked
        before a run starts, and the console makes a form of it.
      </EmptyState>
    );
  }
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Card title="JSON Schema" detail={workflow.validates ? "Checked before a run starts" : undefined}>
        <CodeBlock label="JSON Schema" text={writeJson(schema)} />
      </Card>
      <Card title="To begin with">
        <CodeBlock label="Input" text={writeJson(startValue(schema, schema))} />
      </Card>
    </div>
  );
}
