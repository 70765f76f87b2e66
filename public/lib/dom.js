// Elements without markup strings: every user's word arrives as text, never as HTML.

/** An element. `on` holds listeners, `style` goes through CSSOM (the policy forbids style attributes). */
export function h(tag, {on = {}, style = {}, ...attributes} = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (name === "value" || name === "checked" || name === "selected" || name === "disabled") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const [name, value] of Object.entries(style)) node.style.setProperty(name, value);
  for (const [name, listener] of Object.entries(on)) node.addEventListener(name, listener);
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

/** A labelled control: the label stands above its input. */
export function field(label, control, hint) {
  return h("label", {class: "field"},
    h("span", {class: "field-label"}, label), control, hint ? h("small", {}, hint) : null);
}

/** A button that does something on the page; `link` and `quiet` are its lighter looks. */
export function button(text, click, {look = "button", ...attributes} = {}) {
  return h("button", {type: "button", class: look, on: {click}, ...attributes}, text);
}

/** A select whose options are `[value, text]`, or `{label, options}` groups of them. */
export function select(options, {value, ...attributes} = {}) {
  const node = h("select", attributes);
  fill(node, options, value);
  return node;
}

/** Replaces the options of a select and keeps the wanted value chosen. */
export function fill(node, options, value) {
  const option = ([key, text, disabled]) => h("option", {value: key, disabled: Boolean(disabled)}, text);
  node.replaceChildren(...options.map((entry) => Array.isArray(entry)
    ? option(entry)
    : h("optgroup", {label: entry.label}, entry.options.map(option))));
  if (value != null) node.value = value;
}

/** A row of radio buttons that reads as one switch. Calls `onChange(value)`. */
export function segments(legend, name, options, {value, onChange}) {
  const set = h("fieldset", {class: "segments"}, h("legend", {class: "field-label"}, legend),
    h("div", {class: "segments-row"}, options.map(([key, text, title]) => h("label", {title},
      h("input", {type: "radio", name, value: key, checked: key === value, on: {change: () => onChange(key)}}),
      h("span", {}, text)))));
  return set;
}

/** Moves a group of radio buttons to a value without telling its listeners. */
export function choose(set, value) {
  for (const input of set.querySelectorAll("input[type=radio]")) input.checked = input.value === value;
}

/** Calls `run` once in the next frame, however often it is asked. */
export function inNextFrame(run) {
  let asked = 0;
  return () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      run();
    });
  };
}

/** The function with its answers kept, by its argument. A WeakMap lets the answers go with the arguments. */
export function remembered(compute, known = new Map()) {
  return (key) => {
    if (!known.has(key)) known.set(key, compute(key));
    return known.get(key);
  };
}
