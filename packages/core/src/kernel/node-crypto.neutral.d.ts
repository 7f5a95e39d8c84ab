// The one thing of Node's that runtime-neutral code uses: Bun, Node and Deno all have it, and without it there is no digest that
// answers at once. Programs checked with Node's types leave this file out.
declare const process: {
  getBuiltinModule(name: "node:crypto"): {
    createHash(algorithm: "sha256"): {
      update(text: string): { digest(encoding: "hex"): string };
    };
  };
};
