extension StateDict.Entry {
    /// Calls `body` for each row along the last axis, row-major, with the place of its first number among those stored.
    /// A single number is a row; an array without numbers has none.
    package func forEachRow(_ body: (_ offset: Int) -> Void) {
        guard count > 0 else { return }
        // Walks the outer axes like an odometer.
        var indices = [Int](repeating: 0, count: max(shape.count - 1, 0)), offset = 0
        while true {
            body(offset)
            var axis = indices.count - 1
            while axis >= 0 {
                indices[axis] += 1
                offset += strides[axis]
                if indices[axis] < shape[axis] { break }
                offset -= strides[axis] * shape[axis]
                indices[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }
}
