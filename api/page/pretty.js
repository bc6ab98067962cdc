// JSON laid out for reading. JSON.parse and JSON.stringify would change it: 9223372036854775807 and
// 1.0 are other numbers to JavaScript, and of a key that is there twice one would be lost.

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g;

/** The same JSON text with a line for each member; what is no JSON comes back as it is. */
export function pretty(text) {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  const tokens = text.match(TOKEN) ?? [];
  const lines = [];
  let line = "";
  let depth = 0;
  const turn = () => {
    lines.push(line);
    line = "  ".repeat(depth);
  };
  tokens.forEach((token, place) => {
    const closesAtOnce = ["[]", "{}"].includes(token + tokens[place + 1]);
    const opened = ["[]", "{}"].includes(tokens[place - 1] + token);
    if ((token === "}" || token === "]") && !opened) {
      depth -= 1;
      turn();
    }
    line += token === ":" ? ": " : token;
    if ((token === "{" || token === "[") && !closesAtOnce) {
      depth += 1;
      turn();
    }
    if (token === ",") turn();
  });
  lines.push(line);
  return lines.join("\n");
}
