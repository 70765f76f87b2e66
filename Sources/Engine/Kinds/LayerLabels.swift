import Catalogue

/// Layers of a comparison: `embed`, and the outputs of blocks, as labels (`blocks.3`) or indices of blocks (`3`, `-1`,
/// `0-5`).
struct LayerLabels: Equatable {
    /// Hidden states: 0 after the embedding, i after block i − 1.
    let hiddenStates: [Int]

    static func label(_ hiddenState: Int) -> String { hiddenState == 0 ? "embed" : "blocks.\(hiddenState - 1)" }

    var labels: [String] { hiddenStates.map(Self.label) }

    /// Reads `name`; nil, with a fault noted, where it names no layer. Default: the embedding and every block.
    static func read(_ parameters: inout ParameterReader, _ name: String, depth: Int) -> LayerLabels? {
        guard let text = parameters.text(name), text != "all" else {
            return LayerLabels(hiddenStates: Array(0...depth))
        }
        var hiddenStates: [Int] = [], seen: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false).prefix(1024) {
            let indices: [Int]
            if part == "embed" {
                indices = [0]
            } else {
                let number = part.hasPrefix("blocks.") ? part.dropFirst(7) : part
                guard number != "all", let selection = IndexSelection(String(number)) else {
                    parameters.add(
                        name,
                        "“\(String(part).shortened)” names no layer: write embed, blocks.3, \(IndexSelection.forms).")
                    return nil
                }
                switch selection.resolved(count: depth, noun: "layer") {
                case .success(let blocks): indices = blocks.map { $0 + 1 }
                case .failure(let fault):
                    parameters.add(name, fault.detail)
                    return nil
                }
            }
            for index in indices where seen.insert(index).inserted { hiddenStates.append(index) }
        }
        return LayerLabels(hiddenStates: hiddenStates)
    }
}
