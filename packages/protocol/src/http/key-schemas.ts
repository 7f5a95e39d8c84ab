// Bodies of the routes of encrypted payloads as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";

const keys = z.strictObject({
  workflow: z.string().describe("`:events` stands for events"),
  keys: z.int().describe("Keys of runs that are there"),
  erased: z.int().describe("Keys of runs that were erased"),
  readable: z.boolean().describe("False: the key of the workflow cannot be opened with the keys this server has"),
});

export const keySchemas = {
  PayloadKeys: z.strictObject({ workflows: z.array(keys) }),
  RotateKeys: z.strictObject({ workflow: z.string().optional().describe("All of them without") }),
  KeysRotated: z.strictObject({ workflows: z.int(), rewrapped: z.int() }),
  EraseKeys: z.strictObject({ workflow: z.string() }),
  KeysErased: z.strictObject({ keys: z.int(), runs: z.int() }),
  RunErased: z.strictObject({ runs: z.int().describe("Runs whose values are gone") }),
} as const;
