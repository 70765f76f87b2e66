public import JSON
import Models
package import Tensors

/// What is said about loading a checkpoint beside its path: how another process loads the same model.
public struct LoadOptions: Sendable, Equatable {
    /// By pointer; as they were given, right or wrong.
    private var values: [String: JSONValue] = [:]

    public init() {}

    /// The options among the members of `object`, where those of a group stand in an object of its name. Null is not
    /// given, and what is no option is passed over.
    public init(_ object: JSONValue) {
        for option in LoadOption.all {
            let place = option.group.isNested ? object[option.group.rawValue] : object
            self[option] = place?[option.name]
        }
    }

    /// The value of `option`; nil, or null, where it is not given.
    public subscript(option: LoadOption) -> JSONValue? {
        get { values[option.pointer] }
        set { values[option.pointer] = newValue.flatMap { $0.isNull ? nil : option.normalised($0) } }
    }

    /// Everything that is wrong with the values, before any file is looked at.
    public var faults: [Fault] {
        LoadOption.all.compactMap { option in
            self[option].flatMap(option.fault).map { Fault(pointer: option.pointer, detail: $0) }
        }
    }

    /// - Throws: `invalid` with every fault.
    package func check() throws(ServiceError) {
        let faults = faults
        if !faults.isEmpty { throw .invalid(faults) }
    }

    /// As members of an object, those of a group in an object of its name.
    public var members: [JSONValue.Member] {
        LoadOption.Group.allCases.flatMap { group -> [JSONValue.Member] in
            let given = LoadOption.all.filter { $0.group == group }.compactMap { option in
                self[option].map { JSONValue.Member(option.name, $0) }
            }
            return group.isNested && !given.isEmpty ? [.init(group.rawValue, .object(given))] : given
        }
    }
}

/// What the loader reads.
extension LoadOptions {
    var arch: String? { self[.arch]?.string }
    var numHeads: Int? { self[.numHeads]?.int }
    var checkpointKey: String? { self[.checkpointKey]?.string }
    var activation: ActivationFunction? { self[.activation]?.string.flatMap(ActivationFunction.init) }

    var rope: RotaryKind? { self[.rope]?.string.flatMap(RotaryKind.init) }

    /// f32 where nothing is said.
    package var precision: PrecisionChoice {
        self[.precision]?.string.flatMap(PrecisionChoice.init) ?? .f32
    }

    var imgSize: ImageSize? {
        self[.imgSize]?.sides.map { ImageSize(height: $0[0], width: $0[1]) }
    }

    /// Whether anything is said about how images are prepared.
    var preparesImages: Bool { LoadOption.all.contains { $0.group == .preprocess && self[$0] != nil } }
}

/// As the members of an object.
extension LoadOptions: Codable {
    public init(from decoder: any Decoder) throws { self.init(try JSONValue(from: decoder)) }

    public func encode(to encoder: any Encoder) throws { try JSONValue.object(members).encode(to: encoder) }
}
