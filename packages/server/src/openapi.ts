// The API document: OpenAPI 3.1 from the route table and the schemas of the contract. Loads zod, so it loads on first use.
import { routes, valueMediaType } from "@sluice/protocol/http";
import type { RouteName, RouteSpec } from "@sluice/protocol/http";
import { contracts, jsonSchemas } from "@sluice/protocol/http-schemas";
import type { Contract, SchemaName } from "@sluice/protocol/http-schemas";

type Json = Record<string, unknown>;

const about = `Durable workflows over HTTP.

Values (inputs, outputs, payloads, state) are JSON here. What JSON has no word for travels untouched as \`${valueMediaType}\`.
Every failure has the body \`Failure\` with a code of a closed set.`;

function refTo(name: SchemaName): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** `/runs/:run` as `/runs/{run}`; the rest of a path is a parameter named `path`. */
function templateOf(path: string): string {
  return path.replace(/:(\w+)/g, "{$1}").replace("*", "{path}");
}

function parametersOf(path: string, contract: Contract): Json[] {
  const inPath = Array.from(templateOf(path).matchAll(/\{(\w+)\}/g), (match) => ({
    name: match[1],
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const others = (contract.parameters ?? []).map((parameter) => ({ ...parameter, schema: { type: "string" } }));
  return [...inPath, ...others];
}

function responsesOf({ responses }: Contract): Json {
  const shown = Object.entries(responses).map(([status, { description, body, type }]) => {
    const content: Json = {};
    if (type !== undefined) content[type] = { schema: { type: "string" } };
    if (body !== undefined) content["application/json"] = { schema: refTo(body) };
    return [status, Object.keys(content).length === 0 ? { description } : { description, content }];
  });
  const failure = { description: "Refused or failed", content: { "application/json": { schema: refTo("Failure") } } };
  return { ...(Object.fromEntries(shown) as Json), default: failure };
}

function bodyOf({ request, requestType }: Contract): Json | undefined {
  if (requestType !== undefined) return { [requestType]: { schema: { type: "string", format: "binary" } } };
  return request === undefined ? undefined : { "application/json": { schema: refTo(request) } };
}

function neededFor({ permission }: RouteSpec): string | undefined {
  if (permission === "open") return undefined;
  return permission === "signed-in" ? "For everybody who is known." : `Needs the permission \`${permission}\`.`;
}

function operationOf(name: RouteName, method: string): Json {
  const spec: RouteSpec = routes[name];
  const contract = contracts[name];
  const bodiless = method === "GET" || (method === "DELETE" && spec.methods.length > 1);
  const content = bodiless ? undefined : bodyOf(contract);
  const needed = neededFor(spec);
  return {
    operationId: spec.methods.length === 1 ? name : `${name}${method}`,
    summary: spec.summary,
    tags: [spec.tag],
    ...(needed === undefined ? {} : { description: needed }),
    security: spec.permission === "open" ? [] : [{ token: [] }],
    parameters: parametersOf(spec.path, contract),
    ...(content === undefined ? {} : { requestBody: { content } }),
    responses: responsesOf(contract),
  };
}

/** Makes the document. `version` is that of the product. */
export function openapiDocument(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const [name, spec] of Object.entries(routes) as [RouteName, RouteSpec][]) {
    const template = templateOf(spec.path);
    const operations = (paths[template] ??= {});
    for (const method of spec.methods) operations[method.toLowerCase()] = operationOf(name, method);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Sluice", version, description: about },
    paths,
    components: {
      schemas: jsonSchemas(),
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}
