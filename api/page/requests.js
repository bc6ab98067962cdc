// Requests to the service, and its answers.

// A listing of a million rows is not for a page.
const MOST_LETTERS = 200_000;

/** The URL of an operation with these values of its parameters. */
export function urlOf(document, path, values) {
  const server = (document.servers?.[0]?.url ?? "/").replace(/\/$/, "");
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values.path[name] ?? ""));
  const query = new URLSearchParams(values.query).toString();
  return server + filled + (query ? `?${query}` : "");
}

/** The command that sends the same; the key is named and not shown. */
export function curlOf(method, url, headers, body) {
  const parts = ["curl"];
  if (method !== "GET") parts.push("-X", method);
  parts.push(quoted(new URL(url, location.href).href));
  for (const [name, value] of Object.entries(headers)) {
    parts.push("-H", name === "Authorization" ? '"Authorization: Bearer $API_KEY"' : quoted(`${name}: ${value}`));
  }
  if (body !== null) parts.push("-d", quoted(body));
  return parts.join(" ");
}

function quoted(text) {
  return /^[\w/:.=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The answer to a request: its status, headers, text (cut off after so many letters) and how long it
 * took, in milliseconds.
 *
 * Throws a TypeError when there is none. */
export async function send(method, url, headers, body, most = MOST_LETTERS) {
  const began = performance.now();
  const response = await fetch(url, { method, headers, body: body ?? undefined, cache: "no-store" });
  const [text, isCut] = await textOf(response, most);
  return { response, text, isCut, milliseconds: performance.now() - began };
}

async function textOf(response, most) {
  if (!response.body) return ["", false];
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (text.length <= most) {
    const { done, value } = await reader.read();
    if (done) return [text + decoder.decode(), false];
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  return [text.slice(0, most), true];
}
