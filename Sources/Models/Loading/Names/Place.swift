/// What a tensor's name begins with, in whose scheme of names.
struct Place: Hashable {
    let prefix: String
    /// Of the scheme among those of the registry.
    let scheme: Int

    /// Where `name` puts its network, and by which root.
    static func vote(of name: String, _ schemes: [NameScheme]) -> (Place, root: NameRoot)? {
        let separator: Character = name.contains("/") ? "/" : "."
        let words = name.split(separator: separator, omittingEmptySubsequences: false)
        for index in words.indices {
            for (number, scheme) in schemes.enumerated() where scheme.separator == separator {
                guard let root = scheme.roots.first(where: { $0.begins(at: index, of: words) }) else { continue }
                let prefix = words[..<index].map { $0 + String(separator) }.joined()
                return (Place(prefix: prefix, scheme: number), root)
            }
        }
        return nil
    }
}
