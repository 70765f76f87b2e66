import {choose, field, h, segments, select} from "../lib/dom.js";
import {colorMaps} from "../lib/colors.js";
import {overlaysOf} from "./overlays.js";

/** Layer, head, query and looks of the attention maps. They only read and write the page's state. */
export function createControls({state, kinds}) {
  const overlays = overlaysOf(kinds);
  let place = "layer";
  const layerName = h("span", {}, "Layer");
  const layerText = h("span", {class: "value"});
  const layer = h("input", {type: "range", id: "layer", min: 0, max: 11, step: 1,
    on: {input: () => state.set({[place]: layer.value})}});
  const norm = h("input", {type: "checkbox", on: {change: () => state.set({norm: norm.checked ? "" : "0"})}});
  const normPart = h("label", {class: "check", title: "Whether the model's final norm comes first, at whatever depth"}, norm,
    "Final norm first");
  const fusion = segments("Heads", "head", [
    ["mean", "mean", "The average of all heads"], ["max", "max", "The largest of all heads"],
    ["min", "min", "The smallest of all heads"]
  ], {value: state.value.head, onChange: (head) => state.set({head})});
  const query = segments("Query", "query", [
    ["patch", "patch", "One patch: point at it, click to keep it"], ["mean", "mean", "The average over all patches"],
    ["cls", "class", "What the class token attends to"]
  ], {value: "patch", onChange: (value) => state.set({query: value === "patch" ? "" : value})});
  const overlay = select(overlays.map(({id, title}) => [id, title]), {on: {change: () => state.set({overlay: overlay.value})}});
  const colors = select(colorMaps.map((name) => [name, name]), {on: {change: () => state.set({colors: colors.value})}});
  const scale = select([["map", "per map"], ["layer", "per layer"], ["global", "all layers"]],
    {on: {change: () => state.set({scale: scale.value})}});
  const opacityText = h("span", {class: "value"});
  const opacity = h("input", {type: "range", min: 0, max: 1, step: 0.05,
    on: {input: () => state.set({opacity: opacity.value})}});
  const massText = h("span", {class: "value"});
  const mass = h("input", {type: "range", min: 0.1, max: 1, step: 0.05,
    on: {input: () => state.set({mass: mass.value})}});
  const clipText = h("span", {class: "value"});
  const clip = h("input", {type: "range", min: 80, max: 100, step: 0.5,
    on: {input: () => state.set({clip: clip.value})}});
  const unpin = h("button", {type: "button", class: "link small", on: {click: () => state.set({pins: ""})}}, "Remove all pins");
  const smooth = h("input", {type: "checkbox", on: {change: () => state.set({smooth: smooth.checked ? "1" : ""})}});
  const node = h("div", {class: "controls"},
    h("label", {class: "field"}, h("span", {class: "field-label"}, layerName, layerText), layer),
    fusion, query, unpin, field("Overlay", overlay), normPart,
    h("details", {class: "looks", open: matchMedia("(min-width: 1600px)").matches},
      h("summary", {}, "Looks"),
      h("label", {class: "field"}, h("span", {class: "field-label"}, "Opacity", opacityText), opacity),
      h("label", {class: "field", title: "Only the strongest patches that together hold this share, as DINO shows it"},
        h("span", {class: "field-label"}, "Share shown", massText), mass),
      h("label", {class: "field", title: "Colours end at this percentile, so that one bright patch does not hide the others"},
        h("span", {class: "field-label"}, "Brightest at percentile", clipText), clip),
      h("div", {class: "form-row"}, field("Colours", colors), field("Scale", scale)),
      h("label", {class: "check"}, smooth, "Smooth between patches")));

  return {
    node,
    update({levels, layer: chosenLayer, depth, query: asked, hasCls, heads, overlay: over}) {
      const now = state.value;
      place = over.place ?? "layer";
      const [chosen, last] = place === "depth" ? [depth, levels] : [chosenLayer, levels - 1];
      layerName.textContent = place === "depth" ? "Depth" : "Layer";
      layer.max = last;
      layer.value = chosen;
      layer.setAttribute("aria-valuetext", `${place} ${chosen} of 0 to ${last}`);
      layerText.textContent = `${chosen} of 0–${last}`;
      norm.checked = now.norm !== "0";
      normPart.hidden = !over.isNormed;
      choose(fusion, now.head);
      fusion.querySelector("legend").textContent = heads.includes(now.head) ? "Heads" : `Heads (now: head ${now.head})`;
      choose(query, typeof asked === "object" ? "patch" : asked);
      query.querySelector("input[value=cls]").disabled = !hasCls;
      fusion.disabled = !over.hasHeads;
      query.disabled = !over.hasQuery;
      layer.disabled = !over.place;
      for (const input of [mass, clip]) input.disabled = !over.hasShares;
      overlay.value = over.id;
      unpin.hidden = now.pins === "";
      clip.value = now.clip;
      clipText.textContent = Number(now.clip) >= 100 ? "largest" : `${Number(now.clip)} %`;
      colors.value = now.colors;
      scale.value = now.scale;
      opacity.value = now.opacity;
      opacityText.textContent = `${Math.round(100 * Number(now.opacity))} %`;
      mass.value = now.mass;
      massText.textContent = Number(now.mass) >= 1 ? "all" : `top ${Math.round(100 * Number(now.mass))} %`;
      smooth.checked = now.smooth === "1";
    }
  };
}
