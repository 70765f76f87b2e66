import Analysis
public import Catalogue
import JSON

/// An analysis whose parameters were checked and whose model and images were found.
public struct PreparedAnalysis: Sendable {
    /// SHA-256 over everything that decides the numbers: the result's permanent name and the heart of its ETag.
    public let id: String
    public let kind: AnalysisKind
    package let task: any AnalysisTask
    package let images: AnalysisImages
    /// As they came.
    package let parameters: [AnalysisParameter]
    /// Every parameter that decides the numbers, resolved, in the order of its declaration.
    package let canonical: [String]
    /// What the answer repeats of the parameters.
    package let echo: [AnalysisResult.Field]

    /// Whether the answer will go into `format`, which its shape tells before anything is computed.
    ///
    /// - Throws: `tooLarge` or `invalid`, as `encode` would afterwards.
    public func check(_ format: ResultFormat) throws(ServiceError) {
        guard let size = task.mapSize else { return }
        switch format {
        case .json, .csv: try ResultEncoder.checkText(saturatingProduct(images.sources.count, size.numbers))
        case .png: try ResultPicture.checkMaps(saturatingProduct(images.sources.count, size.maps))
        case .npy, .npz: break
        }
    }
}

/// The images of an analysis, in order.
package struct AnalysisImages: Sendable {
    package let sources: [ImageSource]
    /// The probe set they are, if they were asked for as one.
    let probeSet: ProbeSet?

    package init(sources: [ImageSource], probeSet: ProbeSet?) {
        self.sources = sources
        self.probeSet = probeSet
    }

    /// The names of a probe set's images stand in the probe set; others are listed one by one.
    private static let listed = 64

    /// Echo of what was looked at.
    var fields: [AnalysisResult.Field] {
        let isListed = probeSet == nil || sources.count <= Self.listed
        let list = isListed ? sources : []
        return [
            (
                "images",
                .list(list.map { .object([.init("ref", .string($0.ref)), .init("sha256", .string($0.sha256))]) })
            ),
            (
                "probe_set",
                probeSet.map {
                    .object([.init("name", .string($0.name)), .init("sha256", .string($0.sha256))])
                } ?? .null
            ),
            ("n_images", .int(sources.count)),
        ]
    }
}

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

/// What an analysis found out.
package struct AnalysisAnswer: Sendable {
    /// The numbers, and what they belong to, under JSON's names.
    var fields: [AnalysisResult.Field]
    /// The field that an NPY file holds.
    var mainField: String
    /// Why numbers are missing, or how they are to be read.
    var reasons: [Reason] = []
    /// How it is drawn, the most telling figure first.
    var figures: [ResultFigure] = []
}

extension AnalysisAnswer {
    /// - Parameters:
    ///   - mainField: the field that an NPY file holds.
    ///   - figures: the most telling first.
    package init(_ fields: [AnalysisResult.Field], mainField: String, figures: [ResultFigure]) {
        self.init(fields: fields, mainField: mainField, figures: figures)
    }
}
