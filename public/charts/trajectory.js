import {colorAt, colorScale, colorTable} from "../lib/colors.js";
import {axis, brightness, figure, lightTheme, plain} from "./figure.js";

/**
 * How a metric of every layer goes while a model trains.
 * data: `{title, unit, xTitle, steps, epochs, layers, values}`, values steps × layers; a value may be null.
 * by: "layer" draws a line for each snapshot, from the first to the last; "step" one for each layer, from shallow to
 * deep. The colour says which.
 */
export function trajectoryChart({title, unit = "", xTitle = "layer", steps, epochs, layers, values}, {
  Plotly, width = 560, height = 300, theme = lightTheme, by = "layer", digits = 3, colors = "viridis"
} = {}) {
  // The brightest end of the map would vanish on a white card, the darkest on a black one.
  const [from, to] = brightness(theme.card) < 0.5 ? [0.25, 1] : [0, 0.85];
  const table = colorTable(colors);
  const byLayer = by === "layer";
  const places = byLayer ? steps : layers.map((_, i) => i);
  const [low, high] = [places[0], places[places.length - 1]];
  const share = (place) => high > low ? (place - low) / (high - low) : 1;
  const suffix = unit && unit !== "1" ? ` ${unit}` : "";
  const traces = places.map((place, i) => {
    const curve = byLayer ? values[i] : values.map((row) => row[i]);
    return {
      type: "scatter", mode: "lines+markers", y: curve, x: byLayer ? layers.map((_, k) => k) : steps,
      line: {color: colorAt(table, from + (to - from) * share(place)), width: i === places.length - 1 ? 2.6 : 1.6},
      marker: {size: 4}, connectgaps: false,
      text: curve.map((_, k) => byLayer ? told(i, k) : told(k, i)),
      hovertemplate: `%{text}<br>%{y:.${digits}f}${suffix}<extra></extra>`
    };
  });
  function told(step, layer) {
    return `step ${steps[step]}, epoch ${Number(epochs[step].toFixed(2))}<br>` +
      `${xTitle} ${plain(layers[layer])}`;
  }
  traces.push({
    type: "scatter", mode: "markers", x: [null], y: [null], hoverinfo: "skip",
    marker: {
      color: [low], cmin: low, cmax: high > low ? high : low + 1, colorscale: colorScale(colors, from, to),
      showscale: true, colorbar: {
        title: {text: byLayer ? "step" : xTitle, side: "top", font: {size: 11, color: theme.muted}},
        thickness: 10, outlinewidth: 0, len: 1, ypad: 0, tickfont: {size: 11, color: theme.muted},
        ...(byLayer ? {tickvals: few(steps, 6)} : {tickvals: few(places, 6), ticktext: few(layers.map(plain), 6)})
      }
    }
  });
  const tick = few(layers.map((_, i) => i), width < 420 ? 6 : 13);
  return figure(traces, {
    xaxis: byLayer
      ? axis(theme, xTitle, {tickvals: tick, ticktext: tick.map((i) => plain(layers[i])), showgrid: false,
        range: [-0.4, layers.length - 0.6]})
      : axis(theme, "step", {rangemode: "tozero"}),
    yaxis: axis(theme, unit && unit !== "1" ? `${title} (${unit})` : title)
  }, {Plotly, width, height, theme, label: `${title} by ${xTitle} at ${steps.length} steps, from ${low} to ${high}`});
}

/** At most `count` of the entries, evenly, with the first and the last. */
function few(list, count) {
  const step = Math.max(1, Math.ceil((list.length - 1) / Math.max(1, count - 1)));
  return list.filter((_, i) => i === list.length - 1 || (i % step === 0 && list.length - 1 - i >= step / 2));
}
