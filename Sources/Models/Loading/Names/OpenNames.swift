import Tensors

/// A network that has been read, as far as names and shapes tell it: what doubts are about.
///
/// Only where nobody names an architecture: with one there is nothing open.
package struct OpenNames {
    package let config: VisionTransformerConfig
    private let backbone: Backbone
    /// Whether there is a pooling by attention beside it.
    package let hasPooling: Bool

    init(config: VisionTransformerConfig, report: LoadReport, backbone: Backbone) {
        self.config = config
        self.backbone = backbone
        hasPooling = config.attnPool != nil || report.ignored.contains { $0.name.contains("attn_pool.") }
    }

    /// The keys that lead to its dictionary.
    package var path: [String] { backbone.path }

    /// Whether the file has a tensor of this name after the prefix.
    package func holds(_ name: String) -> Bool { backbone.dict[backbone.prefix + name] != nil }

    /// Refuses what can as well be a network that computes otherwise.
    ///
    /// - Throws: `untold`, with the option that says which it is.
    func check() throws(ModelError.Reason) {
        for doubt in backbone.scheme.doubts {
            guard case .network(let whose, let arch) = doubt.subject, doubt.applies(self) else { continue }
            throw .untold(
                option: "arch",
                "the names of the tensors are \(whose), and of plain networks, and the file does not tell which it is; "
                    + "pass arch, such as \(arch), if it is plain")
        }
    }

    /// Whose names these are where those networks differ in their activation; nil where there is one convention.
    var severalActivations: String? {
        guard !config.mlp.isGated else { return nil }
        for doubt in backbone.scheme.doubts {
            if case .activation(let why) = doubt.subject, doubt.applies(self) { return why }
        }
        return nil
    }
}
