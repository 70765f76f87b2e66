import Catalogue
import JSON
import Models

/// Layers of a comparison: `embed`, and the outputs of blocks, as labels (`blocks.3`) or indices of blocks (`3`, `-1`,
/// `0-5`).
struct LayerLabels: Equatable {
    /// Hidden states: 0 after the embedding, i after block i − 1.
    let hiddenStates: [Int]

    static func label(_ hiddenState: Int) -> String { hiddenState == 0 ? "embed" : "blocks.\(hiddenState - 1)" }

    var labels: [String] { hiddenStates.map(Self.label) }

    /// Labels as they are asked for, of which a model has some.
    struct Selection: Sendable {
        static let all = Selection(stretches: [.blocks(.all)], isAll: true)

        fileprivate enum Stretch: Sendable {
            case embedding
            case blocks(IndexSelection)
        }

        fileprivate let stretches: [Stretch]
        fileprivate let isAll: Bool

        private init(stretches: [Stretch], isAll: Bool) {
            self.stretches = stretches
            self.isAll = isAll
        }

        /// `all`, or labels and indices with commas between; nil for another text.
        init?(_ text: String) {
            guard text != "all" else {
                self = .all
                return
            }
            let parts = text.split(separator: ",", maxSplits: 1024, omittingEmptySubsequences: false)
            let stretches = parts.compactMap { part -> Stretch? in
                if part == "embed" { return .embedding }
                let number = part.hasPrefix("blocks.") ? part.dropFirst(7) : part
                guard number != "all" else { return nil }
                return IndexSelection(String(number)).map(Stretch.blocks)
            }
            guard stretches.count == parts.count, parts.count <= 1024 else { return nil }
            self.init(stretches: stretches, isAll: false)
        }

        /// - Returns: the layers of a model of `depth` blocks, or a sentence about one that does not exist.
        func resolved(depth: Int) -> Result<LayerLabels, SelectionFault> {
            guard !isAll else { return .success(LayerLabels(hiddenStates: Array(0...depth))) }
            var hiddenStates: [Int] = [], seen: Set<Int> = []
            for stretch in stretches {
                let indices: [Int]
                switch stretch {
                case .embedding: indices = [0]
                case .blocks(let selection):
                    switch selection.resolved(count: depth, noun: "layer") {
                    case .success(let blocks): indices = blocks.map { $0 + 1 }
                    case .failure(let fault): return .failure(fault)
                    }
                }
                for index in indices where seen.insert(index).inserted { hiddenStates.append(index) }
            }
            return .success(LayerLabels(hiddenStates: hiddenStates))
        }
    }
}

extension DeclaredParameter<LayerLabels.Selection> {
    static let layersA = labels("layers_a", "Which outputs of a: `all`, labels (`embed`, `blocks.0`) or indices.")
    static let layersB = labels("layers_b", "Which outputs of b: `all`, labels (`embed`, `blocks.0`) or indices.")

    private static func labels(_ name: String, _ detail: String) -> Self {
        Self(
            ParameterDeclaration(
                name, form: .text(forms: "embed, blocks.3, \(IndexSelection.forms)", example: "embed,blocks.0,-1"),
                standard: "all", detail: detail),
            default: .all, echo: name, parse: { LayerLabels.Selection($0) },
            told: { _ in ParameterReading(canonical: "", echo: .null) })
    }
}

extension ParameterValues {
    /// The layers of `model` that a parameter names; nil, with a fault noted, where one does not exist.
    mutating func labels(_ parameter: DeclaredParameter<LayerLabels.Selection>, _ model: NamedModel) -> LayerLabels? {
        switch self[parameter].resolved(depth: model.model.config.depth) {
        case .success(let layers):
            resolve(parameter, to: .strings(layers.labels), canonical: "\(layers.hiddenStates)")
            return layers
        case .failure(let fault):
            add(parameter, fault.detail)
            return nil
        }
    }
}
