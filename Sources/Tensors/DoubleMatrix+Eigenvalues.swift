import COpenBLAS
import Platform

extension DoubleMatrix {
    /// The eigenvalues of this symmetric matrix, largest first (LAPACK's dsyevd); nil where a number is not finite.
    public func symmetricEigenvalues() -> [Double]? {
        precondition(rows == cols, "\(rows)×\(cols) is not square")
        guard rows > 0 else { return [] }
        guard isFinite else { return nil }
        var size = Int32(rows), matrix = values, eigenvalues = [Double](repeating: 0, count: rows)
        // Without eigenvectors so much room is enough.
        var room = Int32(2 * rows + 1), integers: Int32 = 1, info: Int32 = 0
        var work = [Double](repeating: 0, count: Int(room)), integerWork: [Int32] = [0]
        var values = CChar(bitPattern: UInt8(ascii: "N")), upper = CChar(bitPattern: UInt8(ascii: "U"))
        var stride = size
        dsyevd_(
            &values, &upper, &size, &matrix, &stride, &eigenvalues, &work, &room, &integerWork, &integers, &info)
        return info == 0 ? eigenvalues.reversed() : nil
    }
}
