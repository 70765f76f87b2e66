import {createPanel} from "./panel.js";

/** A panel with one chart that is drawn again when its data, the page's colours or its width change. */
export function createChartPanel(definition, {plotly}) {
  const panel = createPanel(definition);
  let draw = null;
  let chart = null;
  let width = 0;
  let Plotly = null;

  function redraw() {
    const room = Math.floor(panel.body.clientWidth);
    if (!draw || !Plotly || room < 50) return;
    width = room;
    const old = chart;
    chart = draw({Plotly, width});
    panel.body.replaceChildren(chart);
    if (old) Plotly.purge(old);
  }

  new ResizeObserver(() => {
    if (Math.floor(panel.body.clientWidth) !== width) requestAnimationFrame(redraw);
  }).observe(panel.body);

  return {
    ...panel,
    /** `picture({Plotly, width})` makes the chart. */
    async show(picture) {
      draw = picture;
      try {
        Plotly ??= await plotly();
      } catch (error) {
        if (draw === picture) panel.error(error);
        return;
      }
      if (draw !== picture) return;
      redraw();
      panel.ready();
    },
    empty(...content) {
      draw = null;
      panel.empty(...content);
    },
    loading(text) {
      draw = null;
      panel.loading(text);
    },
    error(error, retry) {
      draw = null;
      panel.error(error, retry);
    }
  };
}
