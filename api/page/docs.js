// The page: reads /openapi.json, asks for the key where there is one, and shows every operation.

import { element, paragraphs } from "./elements.js";
import { operationView } from "./operations.js";
import { send } from "./requests.js";
import { References } from "./schemas.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const at = (id) => document.getElementById(id);
// Kept in memory alone: who closes the page takes the key along.
let key = "";

const authorization = () => (key ? { Authorization: `Bearer ${key}` } : {});

async function start() {
  at("notice").hidden = true;
  try {
    const { response, text } = await send("GET", "openapi.json", authorization(), null, Infinity);
    if (response.status === 401) return askForKey();
    if (!response.ok) throw new Error(`${response.status} ${JSON.parse(text).error ?? ""}`);
    show(JSON.parse(text));
  } catch (error) {
    say(`What this service offers cannot be read: ${error.message}`);
  }
}

function askForKey() {
  at("summary").textContent = "This service asks for an API key.";
  at("key-form").hidden = false;
  at("key").focus();
  if (key) say("This key is not one of the service's.");
}

function say(text) {
  at("notice").textContent = text;
  at("notice").hidden = false;
}

function show(found) {
  const service = { document: found, references: new References(found), authorization };
  at("title").textContent = found.info.title;
  at("summary").textContent = found.info.summary ?? "";
  at("key-form").hidden = !found.components?.securitySchemes;
  const about = element("div", { class: "about" }, paragraphs(found.info.description));
  const sections = [];
  const entries = [];
  for (const [path, item] of Object.entries(found.paths)) {
    for (const method of METHODS.filter((each) => item[each])) {
      const operation = item[method];
      sections.push(operationView(service, path, method, operation, item.parameters ?? []));
      entries.push(entry(path, method, operation));
    }
  }
  at("operations").replaceChildren(about, ...sections);
  at("contents").replaceChildren(element("ul", {}, entries));
}

function entry(path, method, operation) {
  const label = [element("span", { class: `method ${method}` }, method.toUpperCase()), ` ${path}`];
  return element("li", {}, element("a", { href: `#${operation.operationId}` }, label));
}

at("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key = at("key").value.trim();
  start();
});
start();
