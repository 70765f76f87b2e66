import {h} from "../lib/dom.js";

const VERDICTS = {
  complete: "Every tensor of the model was found.",
  partial: "The backbone is complete; nothing is known about some tensors beside it.",
  refused: "The model was not loaded."
};

const SECTIONS = [
  ["others", "Other networks", "in the same file, by the checkpoint key that takes each"],
  ["not_finite", "Not finite", "with a NaN or an infinity: figures that need them cannot be had"],
  ["missing", "Missing", "wanted by the model, not in the file"],
  ["unexpected", "Unexpected", "in the file, with no place in the model"],
  ["reshaped", "Reshaped", "fitted to another size"],
  ["ignored", "Ignored", "recognised and left out on purpose"],
  ["matched", "Matched", "in the file and in the model"]
];

/** What became of every tensor of a checkpoint. */
export function loadReport(report) {
  const facts = [
    ["Format", report.format], ["Recognised as", report.recognised_as],
    ["Taken from", report.checkpoint_key], ["Prefix removed", report.prefix_removed],
    ["Precision", report.precision], ["Inert objects", (report.opaque_globals ?? []).join(", ")]
  ].filter(([, value]) => value);
  return h("div", {class: "report"},
    h("p", {}, h("span", {class: "verdict", "data-verdict": report.verdict}, report.verdict), " ",
      report.reason ?? VERDICTS[report.verdict] ?? ""),
    h("dl", {class: "facts"}, facts.map(([name, value]) =>
      [h("dt", {}, name), h("dd", {}, h("code", {}, String(value)))])),
    assumptions(report.assumptions ?? []),
    (report.notes ?? []).map((note) => h("p", {class: "small"}, note)),
    SECTIONS.map(([key, title, meaning]) => section(title, meaning, report[key] ?? [], key !== "matched")));
}

// What the file did not tell comes before all lists: it is what somebody may have to put right.
function assumptions(sentences) {
  if (sentences.length === 0) return null;
  return h("div", {class: "report-assumptions"}, h("p", {}, "What the file did not tell, and what was taken:"),
    h("ul", {class: "small"}, sentences.map((sentence) => h("li", {}, sentence))));
}

function section(title, meaning, entries, open) {
  const list = Array.isArray(entries) ? entries : Object.entries(entries).map(([name, value]) => ({name, value}));
  return h("details", {class: "report-section", open: open && list.length > 0 && list.length <= 12},
    h("summary", {}, `${title} (${list.length})`, h("span", {class: "muted small"}, ` ${meaning}`)),
    list.length === 0 ? h("p", {class: "muted small"}, "None.") : table(list));
}

// Entries are names, or objects whose fields become the columns.
function table(entries) {
  const rows = entries.map((entry) => typeof entry === "object" && entry !== null ? entry : {name: entry});
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return h("div", {class: "scroll"}, h("table", {class: "small"},
    h("thead", {}, h("tr", {}, columns.map((column) => h("th", {scope: "col"}, column.replaceAll("_", " "))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, columns.map((column) =>
      h("td", {}, h("code", {}, cell(row[column])))))))));
}

function cell(value) {
  if (value == null) return "";
  if (Array.isArray(value)) return typeof value[0] === "number" ? `(${value.join(", ")})` : value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
