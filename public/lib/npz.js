// NumPy's .npz: a zip archive of .npy files, stored without compression.

import {decodeNPY} from "./npy.js";

/** `{name: {shape, data}}` of an archive. Throws an Error that names what is wrong. */
export function decodeNPZ(buffer) {
  const view = new DataView(buffer);
  let end = buffer.byteLength - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw new Error("not an NPZ file: its directory is missing");
  const arrays = {};
  let at = view.getUint32(end + 16, true);
  for (let n = view.getUint16(end + 10, true); n > 0; n--) {
    if (view.getUint32(at, true) !== 0x02014b50) throw new Error("NPZ directory is damaged");
    if (view.getUint16(at + 10, true) !== 0) throw new Error("NPZ entries must be stored, not compressed");
    const size = view.getUint32(at + 24, true);
    const name = new TextDecoder().decode(new Uint8Array(buffer, at + 46, view.getUint16(at + 28, true)));
    const local = view.getUint32(at + 42, true);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    // Texts, such as reasons, are not read here.
    if (!name.startsWith("reasons")) arrays[name.replace(/\.npy$/, "")] = decodeNPY(buffer.slice(start, start + size));
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return arrays;
}
