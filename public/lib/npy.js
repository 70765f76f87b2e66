// NumPy's .npy: a magic word, a Python dictionary as text, then the numbers.

const TYPES = {"<f4": Float32Array, "<f8": Float64Array, "<i4": Int32Array, "|u1": Uint8Array};

/** `{shape, data}` of an .npy file in C order. Throws an Error that names what is wrong. */
export function decodeNPY(buffer) {
  const bytes = new Uint8Array(buffer);
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (!magic.every((byte, i) => bytes[i] === byte)) throw new Error("not an NPY file: wrong magic bytes");
  const view = new DataView(buffer);
  const wide = bytes[6] >= 2;
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, start + length));
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1].split(",").filter((part) => part.trim()).map(Number);
  const Type = TYPES[descr];
  if (!Type) throw new Error(`NPY dtype ${descr} is not one of ${Object.keys(TYPES).join(", ")}`);
  if (!shape || /'fortran_order':\s*True/.test(header)) throw new Error("NPY must be in C order and have a shape");
  const count = shape.reduce((product, extent) => product * extent, 1);
  const offset = start + length;
  if (buffer.byteLength - offset < count * Type.BYTES_PER_ELEMENT) throw new Error("NPY ends before its last number");
  // Typed arrays must start at a multiple of their element; NumPy pads for that, other writers may not.
  const data = offset % Type.BYTES_PER_ELEMENT === 0
    ? new Type(buffer, offset, count)
    : new Type(buffer.slice(offset, offset + count * Type.BYTES_PER_ELEMENT));
  return {shape, data};
}
