// The secret of a new token, this once.
import type { Answer } from "../api.ts";
import { Button } from "../ui/button.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { Dialog } from "../ui/dialog.tsx";

export function NewSecret({ made, onClose }: { readonly made: Answer<"createToken">; readonly onClose: () => void }) {
  return (
    <Dialog
      open
      stays
      onClose={onClose}
      title="Copy the token now"
      detail="It is not shown again: the server keeps only a hash of it."
      footer={
        <Button tone="primary" onClick={onClose}>
          I have copied it
        </Button>
      }
    >
      <div className="flex flex-col gap-3">
        <CodeBlock text={made.token} wrap label="Token" />
        <div className="flex flex-col gap-1 text-xs text-ink-soft">
          For the command line:
          <CodeBlock
            text={`export SLUICE_URL=${location.origin}\nexport SLUICE_TOKEN=${made.token}\nsluice runs list`}
            label="Command line"
          />
        </div>
        <div className="flex flex-col gap-1 text-xs text-ink-soft">
          For the HTTP API:
          <CodeBlock
            text={`curl -H "Authorization: Bearer ${made.token}" ${location.origin}/api/v1/auth/me`}
            label="HTTP API"
          />
        </div>
      </div>
    </Dialog>
  );
}
