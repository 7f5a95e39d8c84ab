// The one thing of Node's crypto that runtime-neutral code uses: Bun, Node and Deno all have it, and without it there is no
// digest that answers at once. Programs checked with Node's types leave this file out.
declare module "node:crypto" {
  export function createHash(algorithm: "sha256"): {
    update(text: string): { digest(encoding: "hex"): string };
  };
}
