// What came of a request, shown.

import { element } from "./elements.js";
import { pretty } from "./pretty.js";

const SHOWN = ["location", "retry-after", "preference-applied", "x-request-id", "content-type", "allow"];

/** An answer: what it means in a line, then its body and its headers. */
export function answerView({ response, text, isCut, milliseconds }) {
  const fault = response.ok ? null : errorOf(text);
  const told = SHOWN.filter((name) => response.headers.has(name)).map((name) => `${name}: ${response.headers.get(name)}`);
  return [
    element(
      "p", { class: response.ok ? "good" : "bad" },
      element("strong", {}, `${response.status} ${response.statusText}`),
      ` in ${Math.round(milliseconds)} ms`,
    ),
    fault ? element("p", { class: "fault" }, fault) : null,
    element("pre", { tabindex: "0", "aria-label": "Body of the answer" }, element("code", {}, isCut ? text : pretty(text))),
    isCut ? element("p", {}, "There is more: it is cut off here.") : null,
    element("details", {}, element("summary", {}, "Headers"), element("pre", { tabindex: "0" }, told.join("\n"))),
  ];
}

/** That there was no answer at all. */
export function noAnswerView(error) {
  return [
    element("p", { class: "bad" }, element("strong", {}, "No answer")),
    element("p", { class: "fault" }, `${error.message}. Is the service still up, and the network?`),
  ];
}

function errorOf(text) {
  try {
    return JSON.parse(text).error ?? null;
  } catch {
    return null;
  }
}
