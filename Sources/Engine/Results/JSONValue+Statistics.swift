package import JSON

extension JSONValue {
    /// Numbers with names for their extents, row-major; one that is not defined is null.
    ///
    /// - Parameter shape: nil for a curve.
    package static func numbers(_ values: [Double?], by axes: [String], shape: [Int]? = nil) -> JSONValue {
        .array(
            NamedArray(shape: shape ?? [values.count], axes: axes, numbers: .float64(values.map { $0 ?? .nan })))
    }
}
