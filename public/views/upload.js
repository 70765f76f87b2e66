import {h} from "../lib/dom.js";

/** Takes an image from a drop anywhere, a paste, or the file dialog, sends it, and shows it. */
export function createUpload({api, state, uploads, announce, report}) {
  const input = h("input", {type: "file", accept: "image/*", hidden: true, id: "file",
    "aria-label": "Image file", on: {change: () => {
      if (input.files[0]) send(input.files[0]);
      input.value = "";
    }}});
  const veil = h("div", {class: "drop-veil", hidden: true}, "Drop the image to look at it");
  document.body.append(input, veil);

  async function send(file) {
    announce(`Sending ${file.name || "the image"}…`);
    try {
      const {id, warnings} = await api.uploadImage(file);
      uploads.set([id, ...uploads.value.filter((known) => known !== id)]);
      state.set({image: id, from: "uploads"});
      announce([`${file.name || "The image"} is here.`, ...warnings ?? []].join(" "));
    } catch (error) {
      report(error);
    }
  }

  // dragenter and dragleave also fire between children; only their balance tells whether the file is over the page.
  let inside = 0;
  const carriesFile = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragenter", (event) => {
    if (carriesFile(event)) veil.hidden = ++inside === 0;
  });
  document.addEventListener("dragleave", (event) => {
    if (carriesFile(event)) veil.hidden = --inside === 0;
  });
  document.addEventListener("dragover", (event) => {
    if (carriesFile(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    inside = 0;
    veil.hidden = true;
    if (event.dataTransfer.files[0]) send(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    const file = [...event.clipboardData?.files ?? []].find(({type}) => type.startsWith("image/"));
    if (file) send(file);
  });

  return {pickFile: () => input.click()};
}
