// The page to try the API: reads the API document and makes a form of each operation. No dependency, no build.

/** A small value that fits a schema, to start from. */
export function exampleOf(schema, components, depth = 0) {
  if (schema === undefined || depth > 6) return null;
  if (schema.$ref !== undefined) return exampleOf(components[schema.$ref.split("/").at(-1)], components, depth + 1);
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.const !== undefined) return schema.const;
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return exampleOf(alternatives[0], components, depth + 1);
  switch (schema.type) {
    case "object": {
      const needed = schema.required ?? [];
      const keys = needed.length > 0 ? needed : Object.keys(schema.properties ?? {}).slice(0, 1);
      return Object.fromEntries(keys.map((key) => [key, exampleOf(schema.properties[key], components, depth + 1)]));
    }
    case "array":
      return [];
    case "string":
      return "";
    case "integer":
    case "number":
      return 0;
    case "boolean":
      return true;
    default:
      return {};
  }
}

/** Every operation of the document, in its order. */
export function operationsOf(document) {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
      body: operation.requestBody?.content["application/json"]?.schema,
      streams: operation.responses["200"]?.content?.["text/event-stream"] !== undefined,
    })),
  );
}

/** The request that a filled-in form stands for. `values` are by parameter name; empty ones are left out. */
export function requestOf({ method, path, operation }, { values, body, token }) {
  let url = path;
  const query = new URLSearchParams();
  const headers = token === "" ? {} : { authorization: `Bearer ${token}` };
  for (const { name, in: place } of operation.parameters) {
    const value = values[name] ?? "";
    if (place === "path") url = url.replace(`{${name}}`, name === "path" ? value : encodeURIComponent(value));
    else if (value !== "" && place === "query") query.set(name, value);
    else if (value !== "") headers[name] = value;
  }
  const hasBody = body !== undefined && body.trim() !== "";
  if (hasBody) headers["content-type"] = "application/json";
  const text = query.toString();
  return { url: text === "" ? url : `${url}?${text}`, init: { method, headers, ...(hasBody ? { body } : {}) } };
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

async function show(output, { url, init }, signal) {
  const started = performance.now();
  const response = await fetch(url, { ...init, signal });
  const head = `${response.status} ${response.statusText}  ${Math.round(performance.now() - started)} ms\n\n`;
  if (!(response.headers.get("content-type") ?? "").startsWith("text/event-stream")) {
    const text = await response.text();
    const json = (response.headers.get("content-type") ?? "").startsWith("application/json");
    output.textContent = head + (json ? JSON.stringify(JSON.parse(text), null, 2) : text);
    return;
  }
  output.textContent = head;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    output.append(value);
  }
}

function formOf(entry, components, token) {
  const fields = entry.operation.parameters.map(({ name, in: place, description }) => [
    name,
    element("input", { placeholder: description ?? "", required: place === "path" && name !== "path", title: place }),
  ]);
  const body =
    entry.body === undefined
      ? undefined
      : element("textarea", { value: JSON.stringify(exampleOf(entry.body, components), null, 2), spellcheck: false });
  const output = element("pre");
  let stop = new AbortController();
  const send = element("button", { type: "submit", textContent: entry.streams ? "Watch" : "Send" });
  const cancel = element("button", { type: "button", textContent: "Stop", hidden: true, onclick: () => stop.abort() });
  const form = element(
    "form",
    {},
    ...fields.map(([name, input]) => element("label", {}, name, input)),
    ...(body === undefined ? [] : [element("label", {}, "body", body)]),
    send,
    cancel,
    output,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    stop = new AbortController();
    cancel.hidden = false;
    const values = Object.fromEntries(fields.map(([name, input]) => [name, input.value]));
    try {
      await show(output, requestOf(entry, { values, body: body?.value, token: token.value }), stop.signal);
    } catch (error) {
      output.append(`\n${error.message}`);
    } finally {
      cancel.hidden = true;
    }
  });
  return form;
}

function detailsOf(entry, components, token) {
  const summary = element(
    "summary",
    {},
    element("b", { textContent: entry.method }),
    element("code", { textContent: entry.path }),
    " ",
    element("span", { textContent: entry.operation.summary }),
  );
  const details = element("details", {}, summary);
  details.dataset.text = `${entry.method} ${entry.path} ${entry.operation.summary}`.toLowerCase();
  details.addEventListener("toggle", () => details.append(formOf(entry, components, token)), { once: true });
  return details;
}

async function main() {
  const place = document.getElementById("operations");
  const token = document.getElementById("token");
  const find = document.getElementById("find");
  token.value = sessionStorage.getItem("token") ?? "";
  token.addEventListener("input", () => sessionStorage.setItem("token", token.value));
  const api = await (await fetch("/api/openapi.json")).json();
  let tag = "";
  for (const entry of operationsOf(api)) {
    const [own = ""] = entry.operation.tags;
    if (own !== tag) place.append(element("h2", { textContent: own }));
    tag = own;
    place.append(detailsOf(entry, api.components.schemas, token));
  }
  find.addEventListener("input", () => {
    for (const details of place.querySelectorAll("details")) {
      details.hidden = !details.dataset.text.includes(find.value.toLowerCase());
    }
  });
}

if (typeof document !== "undefined") await main();
