// Schemas as people read them.

import { element, inline } from "./elements.js";

const MOST_LISTED = 8;
const MOST_DEEP = 4;

/** Looks up the references of an OpenAPI document. */
export class References {
  constructor(document) {
    this.document = document;
  }

  /** What a part is, its reference followed; what stands beside the reference goes before. */
  follow(part) {
    if (!part || part.$ref === undefined) return part ?? {};
    const { $ref, ...beside } = part;
    const steps = $ref.replace(/^#\//, "").split("/");
    const found = steps.reduce((at, step) => at[step.replaceAll("~1", "/").replaceAll("~0", "~")], this.document);
    return { ...this.follow(found), ...beside };
  }
}

/** What values a schema takes, in a few words. */
export function kindOf(schema, references) {
  const kinds = [...new Set(kindsOf(schema, references))];
  // What is usual comes first.
  const sorted = [...kinds.filter((kind) => kind !== "null"), ...kinds.filter((kind) => kind === "null")];
  const last = sorted.pop();
  return sorted.length ? `${sorted.join(", ")} or ${last}` : last;
}

function kindsOf(schema, references) {
  const found = references.follow(schema);
  if (found.const !== undefined) return [JSON.stringify(found.const)];
  if (found.enum) return [listed(found.enum.map((value) => JSON.stringify(value)))];
  const choices = found.anyOf ?? found.oneOf;
  if (choices) return choices.flatMap((choice) => kindsOf(choice, references));
  const types = [found.type ?? []].flat();
  return types.length ? types.map((type) => ofType(type, found, references)) : ["anything"];
}

function ofType(type, schema, references) {
  if (type === "array") return schema.items ? `array of ${kindOf(schema.items, references)}` : type;
  if (type === "integer" || type === "number") return type + bounds(schema);
  if (type === "string" && schema.format) return `string (${schema.format})`;
  if (type === "string" && schema.maxLength) return `string of ${schema.minLength ?? 0} to ${schema.maxLength} characters`;
  return type;
}

function bounds({ minimum, maximum }) {
  if (minimum === undefined && maximum === undefined) return "";
  // What is as large as the numbers of 64 bits bounds nothing that a reader would think of.
  const large = (bound) => Math.abs(bound) >= 2 ** 62;
  const [from, to] = [minimum, maximum].map((bound) => (bound === undefined || large(bound) ? null : bound));
  if (from !== null && to !== null) return ` from ${from} to ${to}`;
  if (from !== null) return ` of at least ${from}`;
  return to !== null ? ` of at most ${to}` : "";
}

function listed(values) {
  const shown = values.slice(0, MOST_LISTED).join(", ");
  return values.length > MOST_LISTED ? `${shown}, …` : shown;
}

/** A table of the fields of a schema, those of the objects within it among them; null when it has
 * none. */
export function fieldsTable(schema, references, caption) {
  const rows = rowsOf(schema, references, 0);
  if (!rows.length) return null;
  const heads = ["Field", "Takes", "What it is"].map((text) => element("th", { scope: "col" }, text));
  return element(
    "div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": caption },
    element("table", {}, element("thead", {}, element("tr", {}, heads)), element("tbody", {}, rows)),
  );
}

function rowsOf(schema, references, depth) {
  const found = references.follow(schema);
  if (depth > MOST_DEEP) return [];
  const choices = found.anyOf ?? found.oneOf;
  if (choices) return choices.flatMap((choice) => rowsOf(choice, references, depth));
  if (found.items) return rowsOf(found.items, references, depth);
  const required = new Set(found.required ?? []);
  return Object.entries(found.properties ?? {}).flatMap(([name, property]) => [
    row(name, property, required.has(name), references, depth),
    ...rowsOf(property, references, depth + 1),
  ]);
}

function row(name, property, isRequired, references, depth) {
  const told = references.follow(property).description;
  const marked = isRequired ? element("span", { class: "required" }, " required") : null;
  return element(
    "tr", { class: `depth-${Math.min(depth, MOST_DEEP)}` },
    element("th", { scope: "row" }, element("code", {}, name), marked),
    element("td", {}, kindOf(property, references)),
    element("td", {}, inline(told)),
  );
}
