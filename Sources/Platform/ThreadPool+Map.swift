extension ThreadPool {
    /// Indices that one thread takes at a time.
    private static let stretch = 16

    /// What `body` makes of each index from 0 to `count`, in order, made by all threads.
    public func map<Element>(_ count: Int, _ body: (_ index: Int) -> Element) -> [Element] {
        [Element](unsafeUninitializedCapacity: count) { buffer, written in
            if count > 0, let base = buffer.baseAddress {
                parallelFor((count + Self.stretch - 1) / Self.stretch) { part, _ in
                    for index in part * Self.stretch..<min((part + 1) * Self.stretch, count) {
                        (base + index).initialize(to: body(index))
                    }
                }
            }
            written = count
        }
    }
}
