public import JSON
import Platform

/// Something that may be said about loading a checkpoint: its name, its values and its words.
///
/// What is declared here is all that HTTP, the command line, the catalogue's file, workers and the page know of it.
public struct LoadOption: Sendable, Equatable {
    /// The values it takes.
    public enum Kind: Sendable, Equatable {
        /// Of at most so many bytes.
        case text(atMost: Int)
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        /// One number for each of red, green and blue.
        case channels(ClosedRange<Double>)
        case choice([String])
        /// A side, or height and width, pixels.
        case size(ClosedRange<Int>)
    }

    /// What it is about.
    public enum Group: String, Sendable, CaseIterable {
        /// The network.
        case network
        /// How images are prepared for it: members of an object of this name.
        case preprocess
        /// How it is computed.
        case computing

        /// Whether its options stand in an object of its name.
        public var isNested: Bool { self == .preprocess }
    }

    /// JSON's word; the command line has hyphens in it.
    public let name: String
    public let group: Group
    public let kind: Kind
    /// Its label.
    public let title: String
    /// What it is, a sentence.
    public let words: String
    /// A value as one writes it, where `kind` does not list them.
    public let example: String?

    /// - Parameter words: what it is, a sentence.
    public init(
        _ name: String, in group: Group = .network, _ kind: Kind, title: String, _ words: String, example: String? = nil
    ) {
        self.name = name
        self.group = group
        self.kind = kind
        self.title = title
        self.words = words
        self.example = example
    }

    /// Where it stands in a registration, a JSON pointer.
    public var pointer: String { group.isNested ? "/\(group.rawValue)/\(name)" : "/" + name }

    /// The command line's name for it, without the hyphens before it.
    public var flag: String { name.replacing("_", with: "-") }
}

extension LoadOption {
    /// Which values it takes, words after “num_heads is”.
    public var rule: String {
        switch kind {
        case .text(let most): "a text of at most \(most) characters" + (example.map { ", such as \($0)" } ?? "")
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "a number from \(range.lowerBound.plain) to \(range.upperBound.plain)"
        case .channels(let range):
            "a list of three numbers from \(range.lowerBound.plain) to \(range.upperBound.plain), one a channel"
        case .choice(let words): words.joined(separator: ", ")
        case .size(let range):
            "a side, or [height, width], from \(range.lowerBound) to \(range.upperBound) pixels"
        }
    }

    /// What is wrong with `value`, a sentence; nil where nothing is.
    public func fault(_ value: JSONValue) -> String? {
        isRight(value) ? nil : "\(name) is \(rule), or is left out."
    }

    private func isRight(_ value: JSONValue) -> Bool {
        switch kind {
        case .text(let most):
            value.string.map { !$0.isEmpty && $0.utf8.count <= most && $0.utf8.allSatisfy { $0 >= 32 && $0 != 127 } }
                ?? false
        case .integer(let range): value.int.map(range.contains) ?? false
        case .number(let range): value.double.map(range.contains) ?? false
        case .channels(let range): value.doubles.map { $0.count == 3 && $0.allSatisfy(range.contains) } ?? false
        case .choice(let words): value.string.map(words.contains) ?? false
        case .size(let range): value.sides.map { $0.allSatisfy(range.contains) } ?? false
        }
    }

    /// `value` in the one way in which options are kept, so that 224 and [224, 224] are the same.
    func normalised(_ value: JSONValue) -> JSONValue {
        switch kind {
        case .integer: value.int.map(JSONValue.int) ?? value
        case .number: value.double.map(JSONValue.double) ?? value
        case .channels: value.doubles.map(JSONValue.doubles) ?? value
        case .size: value.sides.map(JSONValue.ints) ?? value
        case .text, .choice: value
        }
    }

    /// The value that a command's `text` means; the text itself where it means none, so that it is refused as one.
    public func value(of text: String) -> JSONValue {
        switch kind {
        case .text, .choice: .string(text)
        case .integer: Int(text).map(JSONValue.int) ?? .string(text)
        case .number: Double(text).map(JSONValue.double) ?? .string(text)
        case .channels: Self.list(text, ",") { Double($0) }.map(JSONValue.doubles) ?? .string(text)
        case .size: Self.list(text, "x") { Int($0) }.map { $0.count == 1 ? .int($0[0]) : .ints($0) } ?? .string(text)
        }
    }

    private static func list<T>(_ text: String, _ separator: Character, _ read: (Substring) -> T?) -> [T]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false), found = parts.compactMap(read)
        return found.count == parts.count ? found : nil
    }
}

extension JSONValue {
    /// The numbers of a list of nothing else.
    var doubles: [Double]? {
        guard let list else { return nil }
        let numbers = list.compactMap(\.double)
        return numbers.count == list.count ? numbers : nil
    }

    /// Height and width: of a side, or of a list of both.
    var sides: [Int]? {
        if let side = int { return [side, side] }
        guard let list, list.count == 2 else { return nil }
        let sides = list.compactMap(\.int)
        return sides.count == 2 ? sides : nil
    }
}

extension Double {
    /// Without a fraction where there is none.
    fileprivate var plain: String { Int(exactly: self).map(String.init) ?? "\(self)" }
}
