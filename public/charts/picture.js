import {h} from "../lib/dom.js";
import {FONT, s} from "../lib/svg.js";
import {lightTheme} from "./figure.js";

/** A picture that the server draws. data: `{name, address}`. */
export function pictureChart({name, address}, {width = 560, theme = lightTheme, title = ""} = {}) {
  const image = h("img", {src: address, alt: `${title} of ${name}`, class: "server-picture", style: {"max-width": `${width}px`}});
  return Object.assign(h("div", {}, image), {
    mark() {},
    /** A file that stands alone, with the picture in it. */
    svg(text = "") {
      const {naturalWidth: wide, naturalHeight: tall} = image;
      const canvas = h("canvas", {width: wide, height: tall});
      canvas.getContext("2d").drawImage(image, 0, 0);
      const svg = s("svg", {xmlns: "http://www.w3.org/2000/svg", width: wide, height: tall + 30,
        viewBox: `0 0 ${wide} ${tall + 30}`, "font-family": FONT, role: "img", "aria-label": text},
      s("rect", {width: wide, height: tall + 30, fill: theme.card}),
      s("text", {x: 2, y: 20, "font-size": 14, "font-weight": 600, fill: theme.text}, text),
      s("image", {y: 30, width: wide, height: tall, href: canvas.toDataURL()}));
      return new XMLSerializer().serializeToString(svg);
    }
  });
}
