// Gallery: code, JSON small and large.
import { useState } from "react";
import { Button } from "../src/ui/button.tsx";
import { Card } from "../src/ui/card.tsx";
import { CodeBlock } from "../src/ui/code-block.tsx";
import { JsonTree } from "../src/ui/json-tree.tsx";
import { evil } from "./samples.ts";

const small = {
  id: 7,
  name: evil,
  tags: ["a", "b"],
  paid: true,
  note: null,
  amount: 12.5,
  lines: [{ sku: "x", count: 2 }],
};

export function Values() {
  const [large, setLarge] = useState(false);
  return (
    <Card title="Values">
      <div className="grid gap-4 lg:grid-cols-2">
        <CodeBlock text={`sluice run charge-card --input '{"amount": 12}'\n# ${evil}`} label="Command" />
        <JsonTree source={{ value: small }} label="A small value" />
        <Button className="justify-self-start" onClick={() => setLarge(true)}>
          Show a large value
        </Button>
        {large && <JsonTree source={{ url: "/large.json" }} label="A large value" className="h-80" fileName="large" />}
      </div>
    </Card>
  );
}
