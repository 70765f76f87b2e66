extension IntermediatesRequest {
    /// Memory of all that is shown of one image of a model of `config`, bytes.
    public func bytesPerImage(of config: VisionTransformerConfig) -> Int {
        let tokens = config.numTokens, rows = tokens * config.embedDim
        let whole = (hiddenStates.count + attentionResiduals.count + headOutputs.count) * rows
        let numbers = attentions.values.reduce(whole) {
            $0 + ($1.heads?.count ?? config.numHeads) * ($1.queries?.count ?? tokens) * tokens
        }
        return numbers * 4
    }
}
