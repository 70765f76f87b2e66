// Brings in the one third-party file, the first time a chart needs it.

// The bundle's map layers insert a style sheet by script unless an element with this id exists; we draw no maps.
const MAP_STYLE_ID = "ce8d464691048653ffe3a57c6c18ab566e8366f186677868cf724621a857b4fe";

/** A promise of the Plotly library behind the given `<link>`; it fails with a sentence that says what to do. */
export function loadPlotly(link, {document = link.ownerDocument} = {}) {
  return new Promise((resolve, reject) => {
    writeStylesThroughCSSOM(document.defaultView.Element.prototype);
    if (!document.getElementById(MAP_STYLE_ID)) {
      const marker = document.createElement("meta");
      marker.id = MAP_STYLE_ID;
      document.head.append(marker);
    }
    const script = document.createElement("script");
    script.src = link.href;
    script.addEventListener("load", () => resolve(document.defaultView.Plotly));
    script.addEventListener("error", () => reject(new Error(
      "The chart library is not installed. Run deploy/fetch-plotly.sh (make does it), then reload.")));
    document.head.append(script);
  });
}

// Plotly sets whole style attributes in a few places. The page's policy (default-src 'self') refuses attributes
// but allows the same declarations through CSSOM, so they take that way.
function writeStylesThroughCSSOM(prototype) {
  const setAttribute = prototype.setAttribute;
  prototype.setAttribute = function (name, value) {
    if (name === "style" && this.style) this.style.cssText = value;
    else setAttribute.call(this, name, value);
  };
}
