import Platform

extension Image {
    /// Resizes each of `rows` along itself; this image's first column is column `first` of the one the weights were
    /// made for.
    func resampledRows(_ rows: Range<Int>, _ weights: ResampleWeights, from first: Int) -> Image {
        let columns = weights.starts.count, count = rows.count * columns * 3
        let result = [UInt8](unsafeUninitializedCapacity: count) { target, written in
            pixels.withUnsafeBufferPointer { source in
                weights.withTaps { starts, counts, values in
                    var to = 0
                    for row in rows {
                        let line = row * width * 3
                        for column in 0..<columns {
                            let base = column * weights.stride
                            var from = line + (starts[column] - first) * 3
                            var red: Int32 = 1 << (ResampleWeights.fractionBits - 1)
                            var green = red, blue = red
                            for tap in 0..<counts[column] {
                                let weight = values[base &+ tap]
                                red &+= weight &* Int32(source[from])
                                green &+= weight &* Int32(source[from &+ 1])
                                blue &+= weight &* Int32(source[from &+ 2])
                                from &+= 3
                            }
                            target[to] = level(red)
                            target[to + 1] = level(green)
                            target[to + 2] = level(blue)
                            to += 3
                        }
                    }
                }
            }
            written = count
        }
        return Image(height: rows.count, width: columns, pixels: result)
    }

    /// Resizes each of `columns` along itself; this image's first row is row `first` of the one the weights were made
    /// for.
    func resampledColumns(_ columns: Range<Int>, _ weights: ResampleWeights, from first: Int) -> Image {
        let rows = weights.starts.count, line = columns.count * 3, count = rows * line
        let result = [UInt8](unsafeUninitializedCapacity: count) { target, written in
            var sums = [Int32](repeating: 0, count: line)
            pixels.withUnsafeBufferPointer { source in
                sums.withUnsafeMutableBufferPointer { sums in
                    weights.withTaps { starts, counts, values in
                        for row in 0..<rows {
                            sums.update(repeating: 1 << (ResampleWeights.fractionBits - 1))
                            for tap in 0..<counts[row] {
                                let weight = values[row * weights.stride + tap]
                                let from = ((starts[row] - first + tap) * width + columns.lowerBound) * 3
                                for index in 0..<line { sums[index] &+= weight &* Int32(source[from &+ index]) }
                            }
                            for index in 0..<line { target[row * line + index] = level(sums[index]) }
                        }
                    }
                }
            }
            written = count
        }
        return Image(height: rows, width: columns.count, pixels: result)
    }
}

extension ResampleWeights {
    fileprivate func withTaps(
        _ body: (UnsafeBufferPointer<Int>, UnsafeBufferPointer<Int>, UnsafeBufferPointer<Int32>) -> Void
    ) {
        starts.withUnsafeBufferPointer { starts in
            counts.withUnsafeBufferPointer { counts in
                values.withUnsafeBufferPointer { values in body(starts, counts, values) }
            }
        }
    }
}

/// The grey level of a sum in fixed point.
@inline(__always)
private func level(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(sum >> ResampleWeights.fractionBits, 0), 255))
}
