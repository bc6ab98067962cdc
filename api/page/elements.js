// Elements of the page. What a document or an answer holds is only ever set as text.

/** An element with these attributes and children; a text is a child, null is none. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

/** Paragraphs of a text in which backticks stand around code. */
export function paragraphs(text) {
  return (text ?? "").split("\n\n").filter(Boolean).map((part) => element("p", {}, inline(part)));
}

/** The pieces of a text in which backticks stand around code. */
export function inline(text) {
  return (text ?? "").split("`").map((piece, place) => (place % 2 ? element("code", {}, piece) : piece));
}
