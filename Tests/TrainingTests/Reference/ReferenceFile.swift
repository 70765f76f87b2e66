import Checkpoints
import Foundation
import Platform
import Tensors
import Testing

/// What Tests/Fixtures/training/make.py wrote of one case: tensors by name.
struct ReferenceFile {
    private let tensors: StateDict

    init(_ name: String) throws {
        tensors = try SafeTensors.decode(MappedFile.open(Self.path("\(name).safetensors"))).tensors
    }

    /// A file of the folder.
    static func path(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/training/\(name)").path
    }

    func tensor(_ name: String) throws -> Tensor { try #require(tensors[name], "no \(name)").tensor() }

    /// nil where there is none.
    func optional(_ name: String) -> Tensor? { tensors[name]?.tensor() }

    /// The only number of a tensor of one.
    func number(_ name: String) throws -> Double { Double(try tensor(name).array[0]) }

    /// All tensors below `prefix`, by the rest of their names.
    func group(_ prefix: String) -> [String: Tensor] {
        var group: [String: Tensor] = [:]
        for name in tensors.names where name.hasPrefix(prefix + "/") {
            group[String(name.dropFirst(prefix.count + 1))] = tensors[name]?.tensor()
        }
        return group
    }
}

extension Tensor {
    /// √Σx².
    var norm: Double { array.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }

    /// ‖self − expected‖ / ‖expected‖; infinite where the counts differ or something is not finite.
    func relativeError(_ expected: Tensor) -> Double {
        guard count == expected.count else { return .infinity }
        let squares = zip(array, expected.array).reduce(0.0) { sum, pair in
            let difference = Double(pair.0) - Double(pair.1)
            return sum + difference * difference
        }
        guard squares.isFinite else { return .infinity }
        return squares == 0 ? 0 : squares.squareRoot() / expected.norm
    }
}

/// |found − expected| / |expected|; infinite for what is not finite.
func relativeError(_ found: Double, _ expected: Double) -> Double {
    let error = abs(found - expected) / abs(expected)
    return error.isFinite ? error : .infinity
}
