import {colorAt, colorTable} from "../lib/colors.js";
import {brightness, few, figure, lightTheme} from "./figure.js";
import {extent} from "./scale.js";

/**
 * How a metric of every layer goes while a model trains.
 * data: `{title, unit, xTitle, steps, epochs, layers, values}`, values steps × layers; a value may be null.
 * by: "layer" draws a line for each snapshot, from the first to the last; "step" one for each layer, from shallow to
 * deep; "map" a cell for each layer and snapshot. The colour says which, or how much.
 */
export function trajectoryChart(data, {
  width = 560, height = 300, theme = lightTheme, by = "layer", digits = 3, colors = "viridis", least = 0
} = {}) {
  const {title, unit = "", xTitle = "layer", steps, epochs, layers, values} = data;
  const suffix = unit && unit !== "1" ? ` ${unit}` : "";
  const words = (step, layer) => `${values[step][layer] == null ? "none" : values[step][layer].toFixed(digits)}${suffix}\n` +
    `step ${steps[step]}, epoch ${Number(epochs[step].toFixed(2))}\n${xTitle} ${layers[layer]}`;
  const look = {width, height, theme,
    label: `${title} by ${xTitle} at ${steps.length} steps, from ${steps[0]} to ${steps.at(-1)}`};
  if (by === "map") return courseMap(data, {words, colors, look, xTitle, least});
  // The brightest end of the map would vanish on a white card, the darkest on a black one.
  const [from, to] = brightness(theme.card) < 0.5 ? [0.25, 1] : [0, 0.85];
  const table = colorTable(colors);
  const byLayer = by === "layer";
  const places = byLayer ? steps : layers.map((_, i) => i);
  const [low, high] = [places[0], places[places.length - 1]];
  const share = (place) => high > low ? (place - low) / (high - low) : 1;
  const marks = places.map((place, i) => {
    const y = byLayer ? values[i] : values.map((row) => row[i]);
    return {kind: "line", y, x: byLayer ? layers.map((_, k) => k) : steps, symbol: "circle", size: 2,
      color: colorAt(table, from + (to - from) * share(place)), width: i === places.length - 1 ? 2.6 : 1.6,
      tip: (k) => byLayer ? words(i, k) : words(k, i)};
  });
  const ticks = few(layers.map((_, i) => i), width < 420 ? 6 : 13).map((at) => ({at, text: String(layers[at])}));
  return figure({
    cells: [{
      x: byLayer ? {title: xTitle, ticks, range: [-0.3, layers.length - 0.7]} : {title: "step", zero: true},
      // The courses of metrics are read in their own units: what changes by less is noise.
      y: {title: suffix ? `${title} (${unit})` : title, least}, marks
    }],
    bar: {colors, from, to, low, high: high > low ? high : low + 1, title: byLayer ? "step" : xTitle,
      words: few(places, 6).map((at) => ({at, text: byLayer ? String(at) : String(layers[at])}))},
    pick: false
  }, look);
}

/** Depth upwards, snapshots along: a band that changes its colour is a layer that changes. */
function courseMap({steps, layers, values}, {words, colors, look, xTitle, least}) {
  const known = values.flat().filter((value) => value != null);
  const [low, high] = extent(known, {room: 0, least});
  return figure({
    cells: [{
      x: {title: "step", range: [-0.5, steps.length - 0.5], grid: false,
        ticks: few(steps.map((_, i) => i), Math.floor(look.width / 70)).map((at) => ({at, text: String(steps[at])}))},
      y: {title: xTitle, range: [-0.5, layers.length - 0.5], grid: false,
        ticks: few(layers.map((_, i) => i), 13).map((at) => ({at, text: String(layers[at])}))},
      marks: [{kind: "cells", values: layers.map((_, layer) => values.map((row) => row[layer])), colors, low, high,
        tip: (layer, step) => words(step, layer)}]
    }],
    bar: {colors, low, high}, pick: false
  }, look);
}
