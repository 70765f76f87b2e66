import Analysis
import JSON

/// An analysis whose parameters were checked and whose model and images were found.
public struct PreparedAnalysis: Sendable {
    /// SHA-256 over everything that decides the numbers: the result's permanent name and the heart of its ETag.
    public let id: String
    public let kind: AnalysisKind
    let task: any AnalysisTask
    let images: AnalysisImages
    /// As they came.
    let parameters: [AnalysisParameter]

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
struct AnalysisImages: Sendable {
    let sources: [ImageSource]
    /// The probe set they are, if they were asked for as one.
    let probeSet: ProbeSet?

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
protocol AnalysisTask: Sendable {
    /// The models it looks into.
    var models: [NamedModel] { get }
    /// Every parameter that decides the numbers, resolved, in a fixed order.
    var canonical: [String] { get }
    /// Analyses with the same key and images make the same activations; nil where the task stands alone.
    var turnKey: String? { get }
    /// What each image adds to the answer; nil where answers stay small.
    var mapSize: MapSize? { get }
    /// What it takes beside decoding and the passes through the models, about, seconds of one thread.
    var secondsBeside: Double { get }
    /// The memory that it takes for so many images; nil where it takes what a batch of images does.
    func need(images: Int) -> MemoryNeed?

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer
}

extension AnalysisTask {
    var mapSize: MapSize? { nil }
    var secondsBeside: Double { 0 }
    func need(images: Int) -> MemoryNeed? { nil }
}

/// Memory that an analysis takes, and what to ask for instead where there is too little.
struct MemoryNeed: Sendable, Equatable {
    let bytes: Int
    /// A sentence.
    let alternative: String
}

/// The maps that one image gives.
struct MapSize: Sendable, Equatable {
    let maps: Int
    /// In all of them together.
    let numbers: Int
}

/// What an analysis found out.
struct AnalysisAnswer: Sendable {
    /// Echo of the parameters and the numbers, under JSON's names.
    var fields: [AnalysisResult.Field]
    /// The field that an NPY file holds.
    var mainField: String
    /// Why numbers are missing, or how they are to be read.
    var reasons: [Reason] = []
    /// How it is drawn, the most telling figure first.
    var figures: [ResultFigure] = []
}
