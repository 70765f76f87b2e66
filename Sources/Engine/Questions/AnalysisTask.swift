package import Catalogue

/// One kind of analysis with its parameters.
package protocol AnalysisTask: Sendable {
    /// The models it looks into.
    var models: [NamedModel] { get }
    /// Analyses with the same key and images make the same activations; nil where the task stands alone.
    var turnKey: String? { get }
    /// What each image adds to the answer; nil where answers stay small.
    var mapSize: MapSize? { get }
    /// How often each image goes through a model.
    var passes: Int { get }
    /// What it takes beside decoding and the passes through the models, about, seconds of one thread.
    var secondsBeside: Double { get }
    /// The memory that it takes for so many images; nil where it takes what a batch of images does.
    func need(images: Int) -> MemoryNeed?

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer
}

extension AnalysisTask {
    package var turnKey: String? { nil }
    package var mapSize: MapSize? { nil }
    package var passes: Int { 1 }
    package var secondsBeside: Double { 0 }
    package func need(images: Int) -> MemoryNeed? { nil }
}

/// Memory that an analysis takes, and what to ask for instead where there is too little.
package struct MemoryNeed: Sendable, Equatable {
    package let bytes: Int
    /// A sentence.
    package let alternative: String
}

/// The maps that one image gives.
package struct MapSize: Sendable, Equatable {
    let maps: Int
    /// In all of them together.
    let numbers: Int
}
