/// Something that names and shapes leave open: other networks have the same ones and compute otherwise.
package struct NameDoubt: Sendable {
    enum Subject: Sendable {
        /// What the network is. With whose the names are, and a timm name to pass where it is plain.
        case network(whose: String, arch: String)
        /// What stands in its MLPs. With a sentence about whose the names are.
        case activation(String)
    }

    let subject: Subject
    let applies: @Sendable (OpenNames) -> Bool

    /// Names that are also those of networks that compute otherwise.
    ///
    /// - Parameters:
    ///   - whose: words after “the names of the tensors are”.
    ///   - arch: a timm name to pass where the network is plain.
    package static func network(
        _ whose: String, arch: String, where applies: @escaping @Sendable (OpenNames) -> Bool
    ) -> NameDoubt { NameDoubt(subject: .network(whose: whose, arch: arch), applies: applies) }

    /// Names of networks that differ in their activation; `why` is a sentence without its end.
    package static func activation(
        _ why: String, where applies: @escaping @Sendable (OpenNames) -> Bool
    ) -> NameDoubt { NameDoubt(subject: .activation(why), applies: applies) }
}
