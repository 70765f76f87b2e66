import Catalogue
import Platform
import Tensors

/// The classes of images, and which of them something is fitted to and which are asked.
struct LabelledImages: Sendable {
    /// In alphabetical order.
    let classes: [String]
    /// Of every image: an index into `classes`.
    let labels: [Int]
    /// Indices of images, ascending.
    let train: [Int]
    let test: [Int]

    /// Splits each class alike, by its own stream of random numbers.
    ///
    /// - Parameter trainFraction: of each class; one image at least is fitted to, and one asked.
    /// - Throws: `ServiceError.conflict` where images have no class, or too few to fit and to ask.
    init(_ images: [ImageSource], trainFraction: Double, seed: UInt64) throws(ServiceError) {
        var names: [ExactText] = []
        for image in images {
            guard let name = image.className else {
                throw .conflict(
                    "“\(image.ref)” has no class, and accuracy needs one. "
                        + "Ask for a probe set of a dataset whose folders are classes.")
            }
            names.append(ExactText(name))
        }
        let classes = Set(names).sorted {
            $0.text == $1.text ? $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) : $0.text < $1.text
        }
        let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
        let labels = names.map { places[$0] ?? 0 }
        guard classes.count > 1 else {
            throw .conflict("All these images are of one class, and accuracy needs two at least.")
        }
        var members = classes.map { _ in [Int]() }
        for (image, label) in labels.enumerated() { members[label].append(image) }
        var train: [Int] = [], test: [Int] = []
        for (label, own) in members.enumerated() {
            var random = RandomStream(seed: seed, "probe.split").stream(label)
            let order = random.permutation(own.count)
            let count = max(
                Int(
                    rounding: Double(own.count) * trainFraction, .toNearestOrAwayFromZero,
                    into: 1...max(own.count - 1, 1))
                    ?? 1, 1)
            train += order.prefix(count).map { own[$0] }
            test += order.dropFirst(count).map { own[$0] }
        }
        guard !test.isEmpty else {
            throw .conflict("A class needs two images at least: one to fit the classifier, one to ask.")
        }
        self.classes = classes.map(\.text)
        self.labels = labels
        self.train = train.sorted()
        self.test = test.sorted()
    }
}
