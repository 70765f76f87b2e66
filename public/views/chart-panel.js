import {createPanel} from "./panel.js";

/** A panel with one chart that is drawn again when its data, the page's colours or its width change. */
export function createChartPanel(definition) {
  const panel = createPanel(definition);
  let draw = null;
  let chart = null;
  let width = 0;

  function redraw() {
    const room = Math.floor(panel.body.clientWidth);
    if (!draw || room < 50) return;
    width = room;
    chart = draw({width});
    panel.body.replaceChildren(chart);
  }

  new ResizeObserver(() => {
    if (Math.floor(panel.body.clientWidth) !== width) requestAnimationFrame(redraw);
  }).observe(panel.body);

  return {
    ...panel,
    /** `picture({width})` makes the chart. */
    show(picture) {
      draw = picture;
      redraw();
      panel.ready();
    },
    /** What is shown, for files. */
    charts: () => chart ? [{title: definition.title, chart}] : [],
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
