// Places and words of an axis.

/** Round places within a range, about `count` of them. */
export function ticks([low, high], count = 6) {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({length: last - first + 1}, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Words for round places: as many digits as their distance needs, powers of ten far from 1. */
export function tickWords(places) {
  const largest = Math.max(...places.map(Math.abs));
  if (largest > 0 && (largest >= 1e6 || largest < 1e-3)) {
    return places.map((place) => place === 0 ? "0" : minus(Number(place.toPrecision(3)).toExponential()));
  }
  return places.map((place) => minus(String(Number(place.toPrecision(10)))));
}

const minus = (text) => text.replaceAll("-", "−");

/** The least and the largest of what is known, with some room; a flat curve does not fill the axis with its noise. */
export function extent(values, {zero = false, room = 0.05, least = 0} = {}) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value == null || !Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  if (low === 0 && high === 0) return [0, 1];
  if (zero) [low, high] = [Math.min(0, low), Math.max(0, high)];
  // Differences in the last digits of a number are rounding, not a course.
  const narrowest = Math.max(least, 0.02 * Math.max(Math.abs(low), Math.abs(high)), 1e-12);
  if (high - low < narrowest) {
    const middle = (low + high) / 2;
    const below = low >= 0 ? Math.max(0, middle - narrowest / 2) : middle - narrowest / 2;
    [low, high] = [below, below + narrowest];
  }
  const more = room * (high - low);
  return [zero && low === 0 ? 0 : low - more, zero && high === 0 ? 0 : high + more];
}
