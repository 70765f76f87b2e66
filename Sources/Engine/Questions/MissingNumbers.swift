import Analysis
import JSON
import Tensors

/// Numbers of an answer that stand as null without anybody having said why.
struct MissingNumbers {
    /// One for each field with such a number.
    private(set) var reasons: [Reason] = []
    /// Places of the answer that have a reason.
    private let explained: Set<String>

    static let sentence =
        "Where there is no number, the model gave none: its weights, or what they make of an image, are not finite, or "
        + "nothing varies that could be measured."

    init(_ answer: AnalysisAnswer) {
        explained = Set(answer.reasons.map(\.pointer))
        for (name, value) in answer.fields { look(at: value, "/" + name) }
    }

    private mutating func look(at value: JSONValue, _ pointer: String) {
        switch value {
        case .double(let number):
            if !number.isFinite { miss(pointer) }
        case .array(let array):
            if !isExplained(array, pointer) { miss(pointer) }
        case .object(let members):
            for member in members { look(at: member.value, pointer + "/" + member.name) }
        case .list(let values):
            for (index, value) in values.enumerated() { look(at: value, "\(pointer)/\(index)") }
        case .null, .bool, .int, .string: break
        }
    }

    private mutating func miss(_ pointer: String) {
        guard !isExplained(pointer) else { return }
        reasons.append(Reason(pointer: pointer, reason: Self.sentence))
    }

    /// Whether `pointer`, or something around it, has a reason.
    private func isExplained(_ pointer: String) -> Bool {
        var place = Substring(pointer)
        while !place.isEmpty {
            if explained.contains(String(place)) { return true }
            place = place.lastIndex(of: "/").map { place[..<$0] } ?? ""
        }
        return false
    }

    /// Whether each number that is not finite has a reason.
    private func isExplained(_ array: NamedArray, _ pointer: String) -> Bool {
        guard !array.isFinite, !isExplained(pointer) else { return true }
        // Only single numbers or rows may have reasons of their own.
        guard explained.contains(where: { $0.hasPrefix(pointer + "/") }) else { return false }
        return array.doubles.enumerated().allSatisfy { place, number in
            number.isFinite || isExplained(pointer + array.pointer(to: place))
        }
    }
}

extension NamedArray {
    /// Whether every number is finite.
    var isFinite: Bool {
        switch numbers {
        case .float32(let tensor): tensor.isFinite
        case .float64(let numbers): numbers.allSatisfy(\.isFinite)
        }
    }

    /// How many numbers are not finite, and stand as null where text is written.
    var missingCount: Int {
        switch numbers {
        case .float32(let tensor): tensor.isFinite ? 0 : tensor.array.count { !$0.isFinite }
        case .float64(let numbers): numbers.count { !$0.isFinite }
        }
    }

    /// Where the number at row-major position `place` stands in JSON, below the array.
    fileprivate func pointer(to place: Int) -> String {
        var rest = place, indices: [Int] = []
        for extent in shape.reversed() where extent > 0 {
            indices.append(rest % extent)
            rest /= extent
        }
        return indices.reversed().map { "/\($0)" }.joined()
    }
}

extension Reason {
    /// Why maps say nothing: of the first sixteen images one by one, and of all where there are more.
    ///
    /// - Parameters:
    ///   - maps: (images, …).
    ///   - zero: what zeros alone mean; nil where they are said to mean something already.
    static func maps(_ maps: Tensor, _ field: String, zero: String?) -> [Reason] {
        var reasons: [Reason] = []
        for image in 0..<maps.shape[0] {
            let map = maps.part(image)
            if !map.isFinite {
                reasons.append(Reason(pointer: "/\(field)/\(image)", reason: notFiniteMap))
            } else if let zero, map.array.allSatisfy({ $0 == 0 }) {
                reasons.append(Reason(pointer: "/\(field)/\(image)", reason: zero))
            }
        }
        guard reasons.count > 16 else { return reasons }
        let lost = reasons.contains { $0.reason == notFiniteMap }
        return Array(reasons.prefix(16)) + (lost ? [Reason(pointer: "/" + field, reason: notFiniteMap)] : [])
    }

    private static let notFiniteMap =
        "The attention, or the gradients at it, hold numbers that are not finite, so there is no map."
}
