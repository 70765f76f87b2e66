public import Tensors

extension Checkpoint {
    /// Every dictionary that holds tensors by name, outermost first, with the keys that lead to it: `["model"]`,
    /// `["state_dict"]`, `["optimizer", "state", "0"]`; `[]` for the root itself.
    ///
    /// A whole module that was saved instead of its `state_dict()` appears as the dictionary it would have given.
    public func stateDicts() -> [(path: [String], dict: StateDict)] {
        var found: [(path: [String], dict: StateDict)] = []
        // A queue, so that what lies further out comes first. Each place knows its parent instead of its whole path,
        // which would take much memory in a deep and wide tree.
        var places = [Place(parent: nil, key: "", value: root)]
        var index = 0
        while index < places.count {
            let value = places[index].value
            if let module = ModuleRecord(value) {
                let dict = module.stateDict()
                if !dict.isEmpty { found.append((Self.path(to: index, in: places), dict)) }
            } else {
                let dict = Self.tensors(of: value)
                if !dict.isEmpty { found.append((Self.path(to: index, in: places), dict)) }
                for (key, child) in Self.children(of: value) {
                    places.append(Place(parent: index, key: key, value: child))
                }
            }
            index += 1
        }
        return found
    }

    private struct Place {
        let parent: Int?
        let key: String
        let value: Value
    }

    private static func path(to index: Int, in places: [Place]) -> [String] {
        var path: [String] = [], place = places[index]
        while let parent = place.parent {
            path.append(place.key)
            place = places[parent]
        }
        return path.reversed()
    }

    private static func tensors(of value: Value) -> StateDict {
        var dict = StateDict()
        for (key, value) in value.fields ?? ValueDictionary() {
            if let name = key.string, let tensor = value.tensor { dict[name] = tensor }
        }
        return dict
    }

    /// What may hold dictionaries, with the key or index it has.
    private static func children(of value: Value) -> [(key: String, value: Value)] {
        var children: [(key: String, value: Value)] = []
        for (key, value) in value.fields ?? ValueDictionary() where value.isContainer {
            children.append((key.string ?? key.int.map(String.init) ?? "?", value))
        }
        for (index, value) in (value.array ?? []).enumerated() where value.isContainer {
            children.append((String(index), value))
        }
        return children
    }
}

extension Value {
    fileprivate var isContainer: Bool {
        switch self {
        case .list, .dictionary, .opaque: true
        default: false
        }
    }
}

/// A pickled `torch.nn.Module`: parameters, buffers, and modules inside.
private struct ModuleRecord {
    private let fields: ValueDictionary

    init?(_ value: Value) {
        guard let fields = value.opaque?.fields, fields["_parameters"]?.dictionary != nil,
            fields["_buffers"]?.dictionary != nil, fields["_modules"]?.dictionary != nil
        else { return nil }
        self.fields = fields
    }

    /// Its tensors by the names that `state_dict()` gives them. Values are at most 64 levels deep, so recursion
    /// is safe.
    func stateDict() -> StateDict {
        var dict = StateDict()
        collect(into: &dict, prefix: "")
        return dict
    }

    private func collect(into dict: inout StateDict, prefix: String) {
        let passing = Set((fields["_non_persistent_buffers_set"]?.array ?? []).compactMap(\.string))
        for group in ["_parameters", "_buffers"] {
            for (key, value) in fields[group]?.dictionary ?? ValueDictionary() {
                guard let name = key.string, let tensor = value.tensor,
                    group == "_parameters" || !passing.contains(name)
                else { continue }
                dict[prefix + name] = tensor
            }
        }
        for (key, value) in fields["_modules"]?.dictionary ?? ValueDictionary() {
            if let name = key.string, let module = ModuleRecord(value) {
                module.collect(into: &dict, prefix: "\(prefix)\(name).")
            }
        }
    }
}
