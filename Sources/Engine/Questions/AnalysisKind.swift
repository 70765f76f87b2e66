package import Catalogue

/// What can be computed from a model and images: what is said of it, and how a question becomes a task.
public struct AnalysisKind: Sendable {
    public let spec: AnalysisSpec
    /// Reads the parameters; nil, with a fault noted, where they do not fit the models and images.
    let task: @Sendable (inout ParameterValues, Subjects) -> (any AnalysisTask)?

    /// What is looked at.
    package struct Subjects: Sendable {
        /// One, or two where two are compared.
        package let models: [NamedModel]
        /// How many images there are; `.max` where they could not be found, so that none is told to be missing twice.
        package let images: Int

        init?(_ models: [NamedModel], images: Int) {
            guard let first = models.first, let last = models.last else { return nil }
            self.models = models
            self.images = images
            (model, b) = (first, last)
        }

        /// The only model, or the first of two.
        package let model: NamedModel
        package let b: NamedModel
    }

    package init(
        _ spec: AnalysisSpec, task: @escaping @Sendable (inout ParameterValues, Subjects) -> (any AnalysisTask)?
    ) {
        self.spec = spec
        self.task = task
    }

    /// JSON's `analysis`.
    public var name: String { spec.name }
}

extension AnalysisKind: CustomStringConvertible {
    public var description: String { name }
}

extension AnalysisKind: Hashable {
    public static func == (a: AnalysisKind, b: AnalysisKind) -> Bool { a.name == b.name }
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
