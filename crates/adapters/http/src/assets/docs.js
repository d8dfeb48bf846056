// Draws /openapi.json. Every text goes in as text, never as markup.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
}

function paragraphs(text) {
  return (text || "").split(/\n\s*\n/).filter(Boolean).map((part) => make("p", {}, part));
}

function name(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.oneOf) return schema.oneOf.map(name).filter((one) => one !== "null").join(" or ");
  const type = [schema.type].flat().filter((one) => one && one !== "null").join(" or ");
  if (schema.type === "array") return `list of ${name(schema.items)}`;
  return schema.enum ? schema.enum.join(" | ") : schema.format ? `${type} (${schema.format})` : type || "any";
}

function table(heads, rows) {
  const cells = (kind, row) => make("tr", {}, ...row.map((cell) => make(kind, {}, cell)));
  return make("table", {}, cells("th", heads), ...rows.map((row) => cells("td", row)));
}

function shape(schema) {
  const required = schema.required || [];
  const rows = Object.entries(schema.properties || {}).map(([field, value]) => [
    make("code", {}, field), name(value), required.includes(field) ? "required" : "", value.description || "",
  ]);
  return rows.length ? table(["field", "type", "", ""], rows) : make("p", {}, name(schema));
}

function link(schema) {
  const called = name(schema);
  const target = called.replace(/^list of /, "");
  return make("a", { href: `#schema-${target}` }, called);
}

function operation(method, path, about) {
  const parts = [...paragraphs(about.description)];
  if (about.parameters?.length) {
    const rows = about.parameters.map((one) => [
      make("code", {}, one.name), one.in, name(one.schema), one.required ? "required" : "", one.description || "",
    ]);
    parts.push(table(["parameter", "in", "type", "", ""], rows));
  }
  for (const [type, content] of Object.entries(about.requestBody?.content || {})) {
    parts.push(make("p", {}, `Body (${type}): `, link(content.schema)));
  }
  const answers = Object.entries(about.responses || {}).map(([status, answer]) => {
    const schema = Object.values(answer.content || {})[0]?.schema;
    return [make("code", {}, status), answer.description || "", schema ? link(schema) : ""];
  });
  parts.push(table(["answer", "", ""], answers));
  const summary = make("summary", {},
    make("span", { className: "method" }, method.toUpperCase()),
    make("span", { className: "path" }, path),
    make("span", { className: "about" }, about.summary || ""));
  return make("details", { id: about.operationId }, summary, ...parts);
}

function draw(api) {
  document.getElementById("title").textContent = `${api.info.title} ${api.info.version}`;
  const page = [...paragraphs(api.info.description)];
  for (const tag of api.tags || []) {
    page.push(make("h2", {}, tag.name), ...paragraphs(tag.description));
    for (const [path, item] of Object.entries(api.paths)) {
      for (const method of METHODS) {
        if (item[method]?.tags?.includes(tag.name)) page.push(operation(method, path, item[method]));
      }
    }
  }
  page.push(make("h2", {}, "schemas"));
  for (const [called, schema] of Object.entries(api.components.schemas)) {
    const summary = make("summary", {}, make("span", { className: "path" }, called));
    page.push(make("details", { id: `schema-${called}` }, summary, ...paragraphs(schema.description), shape(schema)));
  }
  document.getElementById("document").replaceChildren(...page);
  open();
}

// A link to a part opens it.
function open() {
  const part = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (part instanceof HTMLDetailsElement) part.open = true;
}

addEventListener("hashchange", open);
fetch("/openapi.json").then((answer) => answer.json()).then(draw).catch((error) => {
  document.getElementById("document").replaceChildren(make("p", {}, `The document cannot be read: ${error}`));
});
