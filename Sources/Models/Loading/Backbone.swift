import Tensors

/// Where in a checkpoint a network is: a dictionary, what its names begin with, and in whose scheme they are.
struct Backbone {
    let tensors: FileTensors
    /// Of plain names, with its last separator, or empty.
    let prefix: String
    let scheme: NameScheme
    /// Of the scheme among those of the registry, which breaks ties.
    let schemeIndex: Int
    /// How many names spoke for it.
    let votes: Int
    /// Its place among the dictionaries of the file, which breaks the last tie.
    let index: Int
    /// What takes it, unlike any other network of the file.
    var key = ""
    /// The other networks in its dictionary.
    var neighbours: [(prefix: String, key: String)] = []

    var path: [String] { tensors.path }
    var dict: StateDict { tensors.dict }

    /// The dictionary's key, dotted, nil for the outermost.
    var dictionaryKey: String? { path.isEmpty ? nil : path.joined(separator: ".") }

    /// What the names in the file begin with: the prefix, with wrappers where all names have the same.
    var filePrefix: String {
        var found: String?
        for name in dict.names where name.hasPrefix(prefix) {
            let first = tensors.filePrefix(of: name, prefix: prefix)
            guard found == nil || found == first else { return prefix }
            found = first
        }
        return found ?? prefix
    }

    /// Every word of its path and prefix.
    var words: [String] { path + Self.words(prefix) }

    /// Where it is in the file, wrappers and all.
    var title: String { Self.dotted(path + Self.words(filePrefix)) }

    /// The words, or the sign for the whole file.
    private static func dotted(_ words: [String]) -> String { words.isEmpty ? "." : words.joined(separator: ".") }

    private static func words(_ prefix: String) -> [String] {
        prefix.split(whereSeparator: { $0 == "." || $0 == "/" }).map(String.init)
    }

    /// Whether the user's `key` means it: its path, its prefix, or a word of either.
    private func answers(to key: String) -> Bool {
        let wanted = key.split(separator: ".").map(String.init)
        return [words, path + Self.words(filePrefix)].contains { words in
            guard !wanted.isEmpty, wanted.count <= words.count else { return false }
            return (0...words.count - wanted.count).contains { Array(words[$0..<$0 + wanted.count]) == wanted }
        }
    }
}

extension Backbone {
    /// Every network in `candidates`, likeliest first, in an order that depends on nothing but the file.
    static func all(in candidates: [FileTensors], _ schemes: [NameScheme]) -> [Backbone] {
        var found: [Backbone] = []
        for (index, tensors) in candidates.enumerated() {
            // A list in the order of the file beside the index of its places: a dictionary has no order.
            var places: [(place: Place, votes: Int, hasBlocks: Bool, hasPixels: Bool)] = [], indices: [Place: Int] = [:]
            for name in tensors.dict.names {
                guard let (place, root) = Place.vote(of: name, schemes) else { continue }
                let at = indices[place] ?? places.count
                if at == places.count {
                    indices[place] = at
                    places.append((place, 0, false, !schemes[place.scheme].isSharedWithText))
                }
                places[at].votes += 1
                places[at].hasBlocks = places[at].hasBlocks || root.isBlock
                places[at].hasPixels = places[at].hasPixels || root.isPixels
            }
            found += places.filter { $0.hasBlocks && $0.hasPixels }.map {
                Backbone(
                    tensors: tensors, prefix: $0.place.prefix, scheme: schemes[$0.place.scheme],
                    schemeIndex: $0.place.scheme, votes: $0.votes, index: index)
            }
        }
        return named(found.sorted(by: isBefore))
    }

    /// The order of all: what is usually analysed first, then what more names speak for, then what lies further out,
    /// then the names themselves, byte by byte.
    private static func isBefore(_ a: Backbone, _ b: Backbone) -> Bool {
        let one = (NetworkRole(a.words).rawValue, -a.votes, a.path.count, a.prefix.count)
        let other = (NetworkRole(b.words).rawValue, -b.votes, b.path.count, b.prefix.count)
        if one != other { return one < other }
        for (first, second) in zip(a.path + [a.prefix], b.path + [b.prefix]) where first != second {
            return first.utf8.lexicographicallyPrecedes(second.utf8)
        }
        return (a.schemeIndex, a.index) < (b.schemeIndex, b.index)
    }

    /// Gives each a key of its own, and the names of its neighbours.
    private static func named(_ backbones: [Backbone]) -> [Backbone] {
        var result = backbones, uses: [String: Int] = [:]
        for index in result.indices {
            let key = dotted(result[index].words)
            uses[key, default: 0] += 1
            result[index].key = uses[key] == 1 ? key : "\(key)#\(uses[key] ?? 1)"
        }
        for index in result.indices {
            result[index].neighbours = result.indices
                .filter { $0 != index && result[$0].index == result[index].index }
                .map { (result[$0].prefix, result[$0].key) }
        }
        return result
    }

    /// The network that `key` takes: the one of that very name, or else the first that a word of it fits.
    static func asked(_ key: String, among backbones: [Backbone]) -> Backbone? {
        backbones.first { $0.key == key } ?? backbones.first { $0.answers(to: key) }
    }

    /// What the tensor `name` of the dictionary is to this network.
    func place(_ name: String) -> Placement {
        guard name.hasPrefix(prefix) else { return placeOutside(name) }
        if let neighbour = neighbour(of: name), neighbour.prefix.count > prefix.count {
            return NetworkRole(Self.words(neighbour.prefix)) == .optimizer
                ? .ignored("training state") : .ignored("a part of the network \(neighbour.key)")
        }
        return scheme.place(String(name.dropFirst(prefix.count)))
    }

    private func placeOutside(_ name: String) -> Placement {
        if let neighbour = neighbour(of: name), !neighbour.prefix.isEmpty {
            return .ignored("a part of the network \(neighbour.key)")
        }
        if let known = scheme.placeBeside(name) ?? scheme.placeOutside(name) { return known }
        let words = name.split(separator: ".").map(String.init)
        guard scheme.hasOtherNetworksBeside, NetworkRole(words) != .usual else { return .unexpected }
        return .ignored("a part of another network, or of its training")
    }

    /// The network whose prefix `name` has, the longest one.
    private func neighbour(of name: String) -> (prefix: String, key: String)? {
        var longest: (prefix: String, key: String)?
        for neighbour in neighbours where name.hasPrefix(neighbour.prefix) {
            if neighbour.prefix.count > longest?.prefix.count ?? -1 { longest = neighbour }
        }
        return longest
    }
}
