public import JSON

/// What is said of a kind of analysis: its route, its parameters, its forms on the page and its help come from here.
public struct AnalysisSpec: Sendable {
    /// Kinds that are read together.
    public enum Group: String, Sendable, CaseIterable {
        case attention, representation, layers, interventions

        public var title: String {
            switch self {
            case .attention: "Attention"
            case .representation: "Representation"
            case .layers: "Layers"
            case .interventions: "Interventions"
            }
        }
    }

    /// Which images it can look at. Raw values are those of `GET /v1/analysis-kinds`.
    public enum ImageNeed: String, Sendable {
        case any
        /// Images of a dataset whose folders are classes.
        case labelled
        /// Images whose shape and texture disagree.
        case cueConflict = "cue_conflict"
        /// Images with a mask that says what each pixel shows.
        case masked
        /// None: it looks at the model alone, and images that are given are not looked at.
        case nothing = "none"
    }

    /// What one training shows of it while it runs: fields of the answer that become a point of its trajectory.
    public struct Trajectory: Sendable, Equatable {
        public let title: String
        /// How it is read while a model learns.
        public let reading: String
        /// The field with the numbers, their errors, and the layers or depths they belong to.
        public let values: String
        public let errors: String
        public let places: String
        /// What one of the places is: a layer or a depth.
        public let placesTitle: String
        public let unit: String
    }

    /// JSON's `analysis`.
    public let name: String
    public let group: Group
    public let title: String
    /// One line.
    public let summary: String
    /// How its figures are read, in a sentence or two.
    public let reading: String
    /// What it costs, a sentence.
    public let cost: String
    /// Besides models and images.
    public let parameters: [ParameterDeclaration]
    let declared: [any AnyDeclaredParameter]
    /// 1, or 2 where two are compared, which `a` and `b` name.
    public let models: Int
    public let images: ImageNeed
    /// Whether it answers one map or more of each image, rather than numbers over all of them.
    public let givesMaps: Bool
    /// Whether somebody waits for it at the page, so that it is never sent through the queue.
    public let isImmediate: Bool
    /// Whether a comparison has it unless something else is asked for.
    public let isUsuallyCompared: Bool
    public let trajectory: Trajectory?
    /// Whether its images can be cut into shards; its tasks are `ShardableTask`s then, but for parameters that say otherwise.
    public let isShardable: Bool
    /// Below a model, `analyses/NAME` for most.
    private let pathBelowModel: String

    package init(
        _ name: String, group: Group, title: String, summary: String, reading: String,
        cost: String = "One pass of each image.",
        parameters: [any AnyDeclaredParameter], models: Int = 1, images: ImageNeed = .any, givesMaps: Bool = false,
        isImmediate: Bool = false, isUsuallyCompared: Bool = false, trajectory: Trajectory? = nil,
        isShardable: Bool = false, pathBelowModel: String? = nil
    ) {
        self.name = name
        self.group = group
        self.title = title
        self.summary = summary
        self.reading = reading
        self.cost = cost
        let declared = parameters + (isShardable ? [DeclaredParameter.shards] : [])
        self.parameters = declared.map(\.declaration)
        self.declared = declared
        self.models = models
        self.images = images
        self.givesMaps = givesMaps
        self.isImmediate = isImmediate
        self.isUsuallyCompared = isUsuallyCompared
        self.trajectory = trajectory
        self.isShardable = isShardable
        self.pathBelowModel = pathBelowModel ?? "analyses/\(name)"
    }

    /// Whether it looks at two models.
    public var comparesTwo: Bool { models == 2 }

    /// Whether a comparison can have it: maps are not put side by side, and a comparison is on images.
    public var isComparable: Bool { !givesMaps && images != .nothing }

    /// What is looked at: images, and the models where two are compared.
    public var subjects: [ParameterDeclaration] {
        [.image, .probeSet] + (comparesTwo ? [.a, .b] : [])
    }

    /// Of HTTP, with `{name}` for the model where there is one.
    public var path: String { comparesTwo ? "/v1/\(name)" : "/v1/models/{name}/\(pathBelowModel)" }

    /// The name of the link from a model; nil for what looks at two.
    public var linkName: String? {
        guard !comparesTwo else { return nil }
        let path = pathBelowModel.hasPrefix("analyses/") ? name : pathBelowModel
        return path.replacing("/", with: "_").replacing("-", with: "_")
    }

    /// As `GET /v1/analysis-kinds` has it.
    public var value: JSONValue {
        .object([
            .init("name", .string(name)), .init("group", .string(group.rawValue)),
            .init("group_title", .string(group.title)), .init("title", .string(title)),
            .init("summary", .string(summary)), .init("reading", .string(reading)), .init("cost", .string(cost)),
            .init("path", .string(path)), .init("models", .int(models)), .init("images", .string(images.rawValue)),
            .init("gives_maps", .bool(givesMaps)), .init("in_comparisons", .bool(isComparable)),
            .init("in_comparisons_usually", .bool(isUsuallyCompared)),
            .init(
                "trajectory",
                trajectory.map {
                    .object([
                        .init("title", .string($0.title)), .init("reading", .string($0.reading)),
                        .init("values", .string($0.values)), .init("sem", .string($0.errors)),
                        .init("places", .string($0.places)),
                        .init("places_title", .string($0.placesTitle)), .init("unit", .string($0.unit)),
                    ])
                } ?? .null),
            .init("parameters", .list((subjects + parameters).map(\.value))),
        ])
    }
}
