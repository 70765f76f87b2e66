extension Image {
    /// An image whose pixels `body` writes, all of them; an error leaves nothing behind.
    init(
        height: Int, width: Int, writing body: (UnsafeMutableBufferPointer<UInt8>) throws(ImageError) -> Void
    ) throws(ImageError) {
        let count = height * width * 3
        var failure: ImageError?
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { target, written in
            do throws(ImageError) {
                try body(UnsafeMutableBufferPointer(rebasing: target[..<count]))
                written = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        self.init(height: height, width: width, pixels: pixels)
    }

    /// The pixels at first + row · rowStep + column · columnStep, which must all lie inside.
    func gathered(rows: Int, columns: Int, first: Int, rowStep: Int, columnStep: Int) -> Image {
        let ends = [
            0, (rows - 1) * rowStep, (columns - 1) * columnStep, (rows - 1) * rowStep + (columns - 1) * columnStep,
        ]
        precondition(ends.allSatisfy { first + $0 >= 0 && first + $0 < height * width }, "pixels outside the image")
        let count = rows * columns * 3
        let gathered = [UInt8](unsafeUninitializedCapacity: count) { target, written in
            pixels.withUnsafeBufferPointer { source in
                // Blocks keep both sides in the cache when rows become columns.
                let block = 32
                for top in stride(from: 0, to: rows, by: block) {
                    for left in stride(from: 0, to: columns, by: block) {
                        for row in top..<min(top + block, rows) {
                            var from = (first + row * rowStep + left * columnStep) * 3
                            var to = (row * columns + left) * 3
                            for _ in left..<min(left + block, columns) {
                                target[to] = source[from]
                                target[to + 1] = source[from + 1]
                                target[to + 2] = source[from + 2]
                                from += columnStep * 3
                                to += 3
                            }
                        }
                    }
                }
            }
            written = count
        }
        return Image(height: rows, width: columns, pixels: gathered)
    }
}
