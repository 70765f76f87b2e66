import {h} from "../lib/dom.js";
import {number, percent} from "../lib/format.js";

/** The figures of the map under the hand, a column for each model. */
export function createReadout() {
  const title = h("caption", {});
  const head = h("tr", {});
  const body = h("tbody", {});
  const node = h("table", {class: "readout"}, title, h("thead", {}, head), body);
  let shown = rows;
  const spoken = h("p", {class: "off-screen", "aria-live": "polite"});

  return {
    node: h("div", {}, node, spoken),
    /**
     * entries: `[{name, slot, query, figures}]`, figures as `lib/attention.js` gives them, or null; query null where the
     * overlay has none.
     */
    update(entries, overlay) {
      shown = overlay.load ? rowsOf(overlay) : rows;
      node.hidden = entries.every(({query, figures}) => !query && !figures);
      const asked = entries[0]?.query;
      title.textContent = asked ? `Query: ${queryName(asked)}` : overlay.title;
      head.replaceChildren(h("th", {scope: "col"}, h("span", {class: "off-screen"}, "Figure")), ...entries.map(({name, slot}) =>
        h("th", {scope: "col", "data-slot": slot},
          h("span", {class: "swatch"}), h("span", {class: "off-screen"}, name))));
      head.hidden = entries.length < 2;
      body.replaceChildren(...shown.map(([label, explain, cell]) => h("tr", {title: explain},
        h("th", {scope: "row"}, label),
        entries.map(({figures}) => h("td", {}, figures ? cell(figures) : "–")))));
    },
    /** Says the figures to a screen reader: on keys and clicks, not at every move of the pointer. */
    say(entries) {
      const sentence = ({name, query, figures}) =>
        `${[name, query && queryName(query)].filter(Boolean).join(", ")}: ${shown.map(([label, , cell]) => `${label} ${cell(figures)}`).join(", ")}.`;
      spoken.textContent = entries.filter(({figures}) => figures).map(sentence).join(" ");
    }
  };
}

const rows = [
  ["Distance", "How far the query looks, in pixels of the input. Lower is more local.",
    ({distance}) => distance == null ? "–" : `${number(distance, 1)} px`],
  ["Entropy", "In nats; the second number is that of attention spread evenly.",
    ({entropy, uniformEntropy}) => `${number(entropy, 2)} / ${number(uniformEntropy, 2)}`],
  ["Strongest", "The patch that gets most, and its share.", ({top}) => `${top.row},${top.col}: ${percent(top.share)}`],
  ["On itself", "The share of attention that stays on the query.", ({self}) => percent(self)]
];

/** Of an overlay that does not show where attention goes. */
function rowsOf({tell, hasQuery}) {
  const placed = ({row, col, value}) => `${row},${col}: ${tell(value)}`;
  return [
    ["Largest", hasQuery ? "The patch with the largest value beside the query itself." : "The patch with the largest value.",
      ({largest}) => placed(largest)],
    ["Least", "The patch with the least value.", ({least}) => placed(least)],
    ["Mean", "Over all patches.", ({mean}) => tell(mean)]
  ];
}

export function queryName(query) {
  if (query === "cls") return "class token";
  if (query === "mean") return "mean of all patches";
  if (query.row2 != null) {
    const [top, bottom] = [Math.min(query.row, query.row2), Math.max(query.row, query.row2)];
    const [left, right] = [Math.min(query.col, query.col2), Math.max(query.col, query.col2)];
    return `rows ${top}–${bottom}, columns ${left}–${right}`;
  }
  return `row ${query.row}, column ${query.col}`;
}
