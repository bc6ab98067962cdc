// One operation: what it does, what it takes, what it answers, and a form that sends it.

import { answerView, noAnswerView } from "./answers.js";
import { element, inline, paragraphs } from "./elements.js";
import { pretty } from "./pretty.js";
import { curlOf, send, urlOf } from "./requests.js";
import { fieldsTable, kindOf } from "./schemas.js";

const JOB_ID = "job_id";

/** The section of an operation. `service` has the document, its references and the key. */
export function operationView(service, path, method, operation, shared) {
  const { references } = service;
  const parameters = [...shared, ...(operation.parameters ?? [])].map((each) => references.follow(each));
  const body = operation.requestBody?.content?.["application/json"];
  const inputs = parameters.map((parameter) => new Input(operation.operationId, parameter, references));
  const area = body ? bodyArea(operation.operationId, body) : null;
  const output = element("div", { class: "answer", "aria-live": "polite" });
  const command = element("pre", { tabindex: "0" });
  const button = element("button", { type: "submit" }, "Send");

  const request = () => {
    const values = { path: {}, query: {}, header: {} };
    for (const input of inputs) if (input.value !== "") values[input.place][input.name] = input.value;
    const isOpen = operation.security?.length === 0;
    const headers = { ...values.header, ...(isOpen ? {} : service.authorization()) };
    if (area) headers["Content-Type"] = "application/json";
    return [method.toUpperCase(), urlOf(service.document, path, values), headers, area ? area.value : null];
  };
  const showCommand = () => command.replaceChildren(curlOf(...request()));
  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    output.replaceChildren(element("p", {}, "Waiting for the answer …"));
    try {
      const answer = await send(...request());
      output.replaceChildren(...answerView(answer).filter(Boolean));
      if (answer.response.status === 202) offerJob(answer.text);
    } catch (error) {
      output.replaceChildren(...noAnswerView(error));
    } finally {
      button.disabled = false;
    }
  };
  const form = element(
    "form", { onsubmit: submit, oninput: showCommand },
    inputs.map((input) => input.view),
    area ? [element("label", { for: area.id }, "Body"), area] : null,
    element("div", { class: "buttons" }, button, area ? element("span", { class: "hint" }, "or Ctrl+Enter") : null),
    element("details", { class: "command", ontoggle: showCommand }, element("summary", {}, "As a command"), command),
  );
  area?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  return element(
    "section", { id: operation.operationId, "aria-labelledby": `${operation.operationId}-title` },
    element(
      "h2", { id: `${operation.operationId}-title` },
      element("span", { class: `method ${method}` }, method.toUpperCase()), " ", element("code", {}, path),
    ),
    element("p", { class: "lead" }, inline(operation.summary)),
    paragraphs(operation.description),
    body ? fields("What it takes", body.schema, references) : null,
    form, output,
    responsesView(operation.responses, references),
  );
}

/** A field for one parameter. */
class Input {
  constructor(operation, parameter, references) {
    const { name, description, required, example, examples } = parameter;
    const id = `${operation}-${name}`;
    const schema = references.follow(parameter.schema);
    this.name = name;
    this.place = parameter.in;
    const offered = Object.values(examples ?? {}).map((each) => element("option", { value: each.value }));
    this.field = schema.enum
      ? element("select", { id }, schema.enum.map((value) => element("option", {}, value)))
      : element("input", {
        id, name, value: example ?? "", required, list: offered.length ? `${id}-list` : null,
        placeholder: schema.default ?? "", autocomplete: "off", spellcheck: "false",
        "data-job": name === JOB_ID,
      });
    this.view = element(
      "div", { class: "parameter" },
      element("label", { for: id }, element("code", {}, name), ` ${this.place}, ${kindOf(schema, references)}`),
      this.field,
      offered.length ? element("datalist", { id: `${id}-list` }, offered) : null,
      element("p", { class: "hint" }, inline(description)),
    );
  }

  get value() {
    return this.field.value;
  }
}

function bodyArea(operation, body) {
  const text = pretty(JSON.stringify(body.example ?? {}));
  const rows = Math.min(text.split("\n").length + 1, 24);
  return element("textarea", { id: `${operation}-body`, rows, spellcheck: "false", autocapitalize: "off" }, text);
}

// Whoever was promised a job will ask for it next.
function offerJob(text) {
  const jobId = JSON.parse(text)[JOB_ID];
  for (const field of document.querySelectorAll("input[data-job]")) {
    field.value = jobId;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function fields(title, schema, references) {
  const table = fieldsTable(schema, references, title);
  return table && element("details", {}, element("summary", {}, title), table);
}

function responsesView(responses, references) {
  const items = Object.entries(responses).map(([status, response]) => {
    const found = references.follow(response);
    const schema = found.content?.["application/json"]?.schema;
    return [
      element("dt", { class: status < "300" ? "good" : "bad" }, status),
      element(
        "dd", {}, inline(found.description),
        status < "300" && schema ? fieldsTable(schema, references, `Fields of ${status}`) : null,
      ),
    ];
  });
  return element("details", {}, element("summary", {}, "What it answers"), element("dl", {}, items));
}
