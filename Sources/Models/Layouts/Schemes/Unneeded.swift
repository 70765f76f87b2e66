/// Why networks here do without a tensor, where several layouts have the reason.
enum Unneeded {
    static let maskToken = "the mask token, which only masked pre-training uses"
    static let index = "an index, rebuilt from the grid"
    static let projector = "a projection head of the training objective"
    static let decoder = "a decoder of masked pre-training"
    static let tokenPredictor = "the head that predicts visual tokens in pre-training"
    static let representation = "a representation layer that the class head no longer uses"
    static let distilledHead = "the distillation token's classifier; logits are the class token's"
    static let text = "a part of the text tower"
    static let pooling = "a pooling by attention that is not supported or not whole; there are no logits"
    static let rotary = "a table of angles, rebuilt from the grid"
    static let training = "training state"
}
