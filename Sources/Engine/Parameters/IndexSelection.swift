import Platform

/// Layers or heads as people write them: `all`, `3`, `-1`, `0,3,-1`, `0-5`, `2..-1`.
package struct IndexSelection: Equatable {
    /// A stretch of indices, both ends included; negative ones count from the end.
    private struct Stretch: Equatable {
        let first: Int
        let last: Int
        let text: String
    }

    private let stretches: [Stretch]?

    /// Every index there is.
    static let all = IndexSelection(stretches: nil)

    private init(stretches: [Stretch]?) { self.stretches = stretches }

    /// Nil where `text` has another form.
    package init?(_ text: String) {
        if text == "all" {
            self = .all
            return
        }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count <= 1024 else { return nil }
        var stretches: [Stretch] = []
        for part in parts {
            guard let stretch = Self.stretch(part) else { return nil }
            stretches.append(stretch)
        }
        self.stretches = stretches
    }

    /// The forms that are understood.
    static let forms = "all, an index (3, or -1 for the last), a list (0,3,-1) or a range (0-5)"

    /// The indices below `count` that are meant, each once, in the order in which they were written.
    ///
    /// - Parameter noun: what is counted, for the sentence about one that does not exist.
    /// - Returns: the indices, or that sentence.
    package func resolved(count: Int, noun: String) -> Result<[Int], SelectionFault> {
        guard let stretches else { return .success(Array(0..<count)) }
        var indices: [Int] = [], seen: Set<Int> = []
        for stretch in stretches {
            guard let first = Self.resolve(stretch.first, count), let last = Self.resolve(stretch.last, count) else {
                let wrong = Self.resolve(stretch.first, count) == nil ? stretch.first : stretch.last
                return .failure(SelectionFault(detail: Self.outside(wrong, count: count, noun: noun)))
            }
            guard first <= last else {
                return .failure(
                    SelectionFault(detail: "The range \(stretch.text) runs backwards; write its lower end first."))
            }
            for index in first...last where seen.insert(index).inserted { indices.append(index) }
        }
        return .success(indices)
    }

    /// What to say about an index that does not exist.
    package static func outside(_ index: Int, count: Int, noun: String) -> String {
        let title = noun.prefix(1).uppercased() + noun.dropFirst()
        guard count > 0 else { return "\(title) \(index) does not exist: there is none." }
        return
            "\(title) \(index) does not exist: this model has \(count), so write 0 to \(count - 1), or -\(count) to -1."
    }

    private static func resolve(_ index: Int, _ count: Int) -> Int? {
        let resolved = index < 0 ? index + count : index
        return resolved >= 0 && resolved < count ? resolved : nil
    }

    private static func stretch(_ text: Substring) -> Stretch? {
        if let index = smallInteger(text) { return Stretch(first: index, last: index, text: String(text)) }
        // The sign of the first number is not the hyphen of the range.
        for separator in ["..", "-"] {
            let body = text.dropFirst()
            guard let place = body.firstRange(of: separator) else { continue }
            guard let first = smallInteger(text[..<place.lowerBound]),
                let last = smallInteger(text[place.upperBound...])
            else { return nil }
            return Stretch(first: first, last: last, text: String(text))
        }
        return nil
    }

    /// A number that no sum with an index overflows.
    private static func smallInteger(_ text: Substring) -> Int? {
        guard let number = Int(text), number.magnitude < 1 << 31, !text.hasPrefix("+") else { return nil }
        return number
    }
}

/// Why a selection does not fit, a sentence.
package struct SelectionFault: Error, Equatable {
    package let detail: String

    package init(detail: String) { self.detail = detail }
}
