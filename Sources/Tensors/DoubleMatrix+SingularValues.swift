import COpenBLAS
import Platform

/// u · diag(values) · v, the economy form.
public struct SingularValueDecomposition: Sendable {
    /// (rows, rank), with orthonormal columns.
    public let u: DoubleMatrix
    /// Largest first: min(rows, cols) of them.
    public let values: [Double]
    /// (rank, cols), with orthonormal rows.
    public let v: DoubleMatrix
}

extension DoubleMatrix {
    /// The singular value decomposition (LAPACK's dgesdd); nil where a number is not finite or it does not converge.
    public func singularValueDecomposition() -> SingularValueDecomposition? {
        guard let found = decomposed(withVectors: true) else { return nil }
        let rank = found.values.count
        return SingularValueDecomposition(
            u: DoubleMatrix(rows: rows, cols: rank, found.left), values: found.values,
            v: DoubleMatrix(rows: rank, cols: cols, found.right))
    }

    /// The singular values, largest first; nil where a number is not finite or they do not converge.
    public func singularValues() -> [Double]? { decomposed(withVectors: false)?.values }

    /// Row-major, this is its transpose column-major: what LAPACK calls left is right here.
    private func decomposed(withVectors: Bool) -> (values: [Double], left: [Double], right: [Double])? {
        guard isFinite else { return nil }
        let rank = min(rows, cols)
        guard rank > 0 else { return ([], [], []) }
        var m = Int32(cols), n = Int32(rows), leading = Int32(rank), info: Int32 = 0
        var matrix = values, singular = [Double](repeating: 0, count: rank)
        var right = [Double](repeating: 0, count: withVectors ? rank * cols : 1)
        var left = [Double](repeating: 0, count: withVectors ? rows * rank : 1)
        var integers = [Int32](repeating: 0, count: 8 * rank)
        var job = CChar(bitPattern: withVectors ? UInt8(ascii: "S") : UInt8(ascii: "N"))
        var stride = m, rightStride = m, room: Int32 = -1, wanted = [0.0]
        dgesdd_(
            &job, &m, &n, &matrix, &stride, &singular, &right, &rightStride, &left, &leading, &wanted, &room,
            &integers, &info)
        guard info == 0, let enough = Int32(exactly: wanted[0].rounded(.up)) else { return nil }
        room = enough
        var work = [Double](repeating: 0, count: Int(room))
        dgesdd_(
            &job, &m, &n, &matrix, &stride, &singular, &right, &rightStride, &left, &leading, &work, &room, &integers,
            &info)
        return info == 0 ? (singular, left, right) : nil
    }
}
