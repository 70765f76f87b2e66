import {colorTable} from "../lib/colors.js";

/**
 * One attention map over the photo, as a canvas.
 * data: `{photo, values, rows, cols}`; without a photo the map alone is drawn, without values the photo alone.
 */
export function attentionMap(data, options = {}) {
  return paintAttention(document.createElement("canvas"), data, options);
}

/**
 * Paints on a canvas that is already there: the same picture, without a new node for every move of the hand. `patches` are
 * colours instead of values, three bytes each.
 */
export function paintAttention(canvas, {photo = null, values = null, patches = null, rows, cols}, {
  width = 448, height = Math.round((width * rows) / cols), pixelRatio = 1,
  colors = colorTable("viridis"), opacity = 0.6, low = 0, high = 1, threshold = -Infinity, smooth = false,
  query = null, pinned = false, pins = []
} = {}) {
  const w = Math.max(1, Math.round(width * pixelRatio));
  const h = Math.max(1, Math.round(height * pixelRatio));
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, w, h);
  if (photo) context.drawImage(scaledPhoto(canvas, photo, w, h), 0, 0);
  if (values || patches) {
    const small = scratchOf(canvas);
    small.width = cols;
    small.height = rows;
    if (patches) putColors(small.getContext("2d"), patches, {rows, cols, opacity: photo ? opacity : 1});
    else putHeat(small.getContext("2d"), values, {rows, cols, colors, low, high, threshold, opacity: photo ? opacity : 1});
    context.imageSmoothingEnabled = smooth;
    context.drawImage(small, 0, 0, w, h);
  }
  pins.forEach((pin, i) => {
    outline(context, pin, {rows, cols, w, h, pixelRatio});
    numbered(context, pin, i + 1, {rows, cols, w, h, pixelRatio});
  });
  if (query) outline(context, query, {rows, cols, w, h, pinned, pixelRatio});
  return canvas;
}

/** A map without photo or marks, one pixel a patch: the style sheet makes it large. Cheap enough for many at once. */
export function paintTile(canvas, {values, rows, cols}, {
  colors = colorTable("viridis"), low = 0, high = 1, threshold = -Infinity
} = {}) {
  if (canvas.width !== cols) canvas.width = cols;
  if (canvas.height !== rows) canvas.height = rows;
  putHeat(canvas.getContext("2d"), values, {rows, cols, colors, low, high, threshold, opacity: 1});
  return canvas;
}

// A canvas of one pixel a patch beside each canvas that is painted again and again.
const scratches = new WeakMap();

// The photo at the size of a canvas: it is scaled once, not for every move of the hand.
const scaledPhotos = new WeakMap();

function scaledPhoto(canvas, photo, w, h) {
  const known = scaledPhotos.get(canvas);
  if (known?.photo === photo && known.scaled.width === w && known.scaled.height === h) return known.scaled;
  const scaled = document.createElement("canvas");
  scaled.width = w;
  scaled.height = h;
  const context = scaled.getContext("2d");
  // Small inputs are shown in their own pixels, as the model gets them; large ones are scaled smoothly.
  context.imageSmoothingEnabled = w < 3 * photo.width;
  context.imageSmoothingQuality = "high";
  context.drawImage(photo, 0, 0, w, h);
  scaledPhotos.set(canvas, {photo, scaled});
  return scaled;
}

function scratchOf(canvas) {
  if (!scratches.has(canvas)) scratches.set(canvas, document.createElement("canvas"));
  return scratches.get(canvas);
}

function putHeat(context, values, {rows, cols, colors, low, high, threshold, opacity}) {
  const image = context.createImageData(cols, rows);
  const {data} = image;
  const scale = high > low ? 255 / (high - low) : 0;
  const alpha = Math.round(255 * opacity);
  for (let i = 0, at = 0; i < values.length; i++, at += 4) {
    const color = 3 * Math.min(255, Math.max(0, Math.round((values[i] - low) * scale)));
    data[at] = colors[color];
    data[at + 1] = colors[color + 1];
    data[at + 2] = colors[color + 2];
    data[at + 3] = values[i] >= threshold ? alpha : 0;
  }
  context.putImageData(image, 0, 0);
}

function putColors(context, patches, {rows, cols, opacity}) {
  const image = context.createImageData(cols, rows);
  for (let i = 0; i < rows * cols; i++) {
    image.data.set(patches.subarray(3 * i, 3 * i + 3), 4 * i);
    image.data[4 * i + 3] = Math.round(255 * opacity);
  }
  context.putImageData(image, 0, 0);
}

// A dark line under a white one is seen on any image.
function outline(context, {row, col, row2 = row, col2 = col}, {rows, cols, w, h, pinned = false, pixelRatio}) {
  const [top, left] = [Math.min(row, row2), Math.min(col, col2)];
  const box = [(left * w) / cols, (top * h) / rows, ((Math.abs(col2 - col) + 1) * w) / cols,
    ((Math.abs(row2 - row) + 1) * h) / rows];
  for (const [style, width] of [["rgba(0, 0, 0, 0.75)", pinned ? 6 : 4], ["#fff", pinned ? 3 : 1.5]]) {
    context.strokeStyle = style;
    context.lineWidth = width * pixelRatio;
    context.strokeRect(...box);
  }
}

/** The number of a pinned patch, beside its corner. */
function numbered(context, {row, col}, number, {rows, cols, w, h, pixelRatio}) {
  const size = 13 * pixelRatio;
  const [x, y] = [(col * w) / cols, (row * h) / rows];
  context.fillStyle = "rgba(0, 0, 0, 0.8)";
  context.fillRect(x, y, size, size);
  context.fillStyle = "#fff";
  context.font = `600 ${10 * pixelRatio}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(String(number), x + size / 2, y + size / 2 + pixelRatio / 2);
}

/** The colour scale as a canvas, darkest at the left. */
export function colorBar({colors = colorTable("viridis")} = {}) {
  const canvas = document.createElement("canvas");
  canvas.width = 256;
  canvas.height = 1;
  const context = canvas.getContext("2d");
  const image = context.createImageData(256, 1);
  for (let i = 0; i < 256; i++) image.data.set([...colors.subarray(3 * i, 3 * i + 3), 255], 4 * i);
  context.putImageData(image, 0, 0);
  return canvas;
}
