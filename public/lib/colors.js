// Perceptual colour maps: ten stops each of matplotlib's tables, linear in between.

const STOPS = {
  viridis: "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725",
  plasma: "0d0887 46039f 7201a8 9c179e bd3786 d8576b ed7953 fb9f3a fdca26 f0f921",
  inferno: "000004 1b0c41 4a0c6b 781c6d a52c60 cf4446 ed6925 fb9b06 f7d13d fcffa4",
  magma: "000004 180f3d 440f76 721f81 9e2f7f cd4071 f1605d fd9668 feca8d fcfdbf",
  cividis: "00224e 123570 3b496c 575d6d 707173 8a8678 a59c74 c3b369 e1cc55 fee838",
  grey: "000000 ffffff"
};

export const colorMaps = Object.keys(STOPS);

/** A table of 256 RGB triples (768 bytes). An unknown name gives viridis. */
export function colorTable(name = "viridis") {
  const stops = (STOPS[name] ?? STOPS.viridis).split(" ")
    .map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  const table = new Uint8ClampedArray(768);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    for (let c = 0; c < 3; c++) table[3 * i + c] = stops[low][c] + (at - low) * (stops[low + 1][c] - stops[low][c]);
  }
  return table;
}

/** A CSS colour at a position from 0 to 1. */
export function colorAt(table, position) {
  const i = 3 * Math.round(255 * Math.min(1, Math.max(0, position)));
  return `rgb(${table[i]}, ${table[i + 1]}, ${table[i + 2]})`;
}
