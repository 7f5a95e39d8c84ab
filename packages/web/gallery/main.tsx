// Every component on one page, in the states it can have: for pictures and for the accessibility test. Not part of the
// product. Without a server: nothing here calls the API.
import { QueryClientProvider } from "@tanstack/react-query";
import { Tooltip } from "radix-ui";
import { createRoot } from "react-dom/client";
import { createParts } from "../src/create-parts.ts";
import { PartsContext } from "../src/parts.ts";
import { shareStyleNonce } from "../src/ui/style-nonce.ts";
import { Toasts } from "../src/ui/toasts.tsx";
import { Inputs } from "./inputs.tsx";
import { Lists } from "./lists.tsx";
import { Signs } from "./signs.tsx";
import { Values } from "./values.tsx";

shareStyleNonce();
const parts = createParts({ signedOut: () => {} });
const element = document.querySelector("#console");
if (element === null) throw new Error("the page has no element for the gallery");
createRoot(element).render(
  <PartsContext value={parts}>
    <QueryClientProvider client={parts.query}>
      <Tooltip.Provider delayDuration={0}>
        <main className="mx-auto flex max-w-7xl flex-col gap-6 p-4 sm:p-6">
          <h1 className="text-xl font-semibold tracking-tight">Components</h1>
          <Signs />
          <Inputs />
          <Values />
          <Lists />
        </main>
        <Toasts />
      </Tooltip.Provider>
    </QueryClientProvider>
  </PartsContext>,
);
