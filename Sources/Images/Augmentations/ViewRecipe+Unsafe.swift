import Platform
public import Tensors

extension ViewRecipe {
    /// Writes the view of `image` to place `slot` of `batch`, (images, 3, height, width): no copy of the batch is made
    /// while nobody else holds it.
    public func write(_ image: Image, random: RandomStream, into batch: inout Tensor, at slot: Int) {
        precondition(
            batch.shape.count == 4 && Array(batch.shape.dropFirst()) == [3, height, width]
                && (0..<batch.shape[0]).contains(slot),
            "a view of \(height) × \(width) pixels does not fit place \(slot) of \(batch.shape)")
        precondition(mean.count == 3 && std.count == 3, "a mean and a std for each of three colours")
        let view = self.image(of: image, random: random), count = height * width
        batch.withUnsafeMutableBufferPointer { numbers in
            guard let first = numbers.baseAddress else { return }
            let target = first + slot * 3 * count
            view.pixels.withUnsafeBufferPointer { source in
                for colour in 0..<3 {
                    // Each step rounded to single precision, as torchvision does.
                    let mean = Float(mean[colour]), std = Float(std[colour])
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: 256) { levels in
                        for level in 0..<256 { levels[level] = (Float(level) / 255 - mean) / std }
                        let plane = target + colour * count
                        var from = colour
                        for index in 0..<count {
                            plane[index] = levels[Int(source[from])]
                            from &+= 3
                        }
                    }
                }
            }
            erase(target, random.stream(Step.erasing))
        }
    }

    /// Fills a random box of the view (3, height, width) with noise.
    private func erase(_ target: UnsafeMutablePointer<Float>, _ random: RandomStream) {
        guard let randomErasing else { return }
        var random = random
        guard let box = randomErasing.box(height: height, width: width, random: &random) else { return }
        for colour in 0..<3 {
            for row in box.top..<box.top + box.height {
                let line = target + (colour * height + row) * width
                for column in box.left..<box.left + box.width { line[column] = Float(random.normal()) }
            }
        }
    }
}
