// Elements without markup: what people typed can only ever become text.

import { PATHS } from "./icons.js";

const SVG = "http://www.w3.org/2000/svg";

/** An element. `on…` attributes are listeners, true and false set and leave out, children are nodes or text. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else set(element, name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** An attribute, only where it changed: screen readers read again what is written again. */
export function set(element, name, value) {
  if (value === false || value === null || value === undefined) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else {
    const text = value === true ? "" : String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/** Text, only where it changed. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Show or hide; what is hidden is hidden from everybody. */
export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

/** Whether the focus is in it, or nowhere: a button that was disabled has lost it. */
export function focused(element) {
  const at = document.activeElement;
  return !at || at === document.body || element.contains(at);
}

/** An outlined picture of 24 × 24 that says nothing by itself: the words stand beside it. */
export function icon(name) {
  const drawn = document.createElementNS(SVG, "svg");
  for (const [key, value] of [["viewBox", "0 0 24 24"], ["class", "icon"], ["aria-hidden", "true"], ["focusable", "false"]]) {
    drawn.setAttribute(key, value);
  }
  draw(drawn, name);
  return drawn;
}

/** Make an icon another one. */
export function draw(drawn, name) {
  if (drawn.dataset.name === name) return;
  drawn.dataset.name = name;
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  drawn.replaceChildren(path);
}

/** A button with an icon and a word. */
export function button(name, text, onclick, kind = "quiet") {
  return h("button", { type: "button", class: `button ${kind}`, onclick }, name ? icon(name) : null, h("span", {}, text));
}

/** Say it to those who don't see it: politely, in one place of the page. */
export function announce(text) {
  const place = document.getElementById("announcements");
  if (place && text) place.append(h("p", {}, text));
  while (place && place.children.length > 5) place.firstChild.remove();
}
