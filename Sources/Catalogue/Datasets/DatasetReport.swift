package import Images

extension DatasetInfo {
    /// What there is to say about a dataset.
    package init(_ name: String, _ dataset: DatasetCatalogue.Dataset) {
        self.init(name: name, numImages: dataset.count, classes: dataset.classes, isBuiltIn: dataset.isBuiltIn)
        switch dataset {
        case .builtIn: indexRule = Self.drawnRule
        case .folder(let folder):
            leftOut = folder.leftOut.map(LeftOutFiles.init)
            emptyClasses = folder.emptyClasses
            indexRule = Self.indexRule(folder)
        case .splits(let names):
            splits = names.map { "\(name)/\($0)" }
            indexRule = "It has no images of its own: each split is a dataset, whose images are numbered from 0."
        case .unreadable(let reason): error = reason
        }
    }

    /// The rule of a dataset that is drawn.
    package static let drawnRule = "Images are numbered from 0; image n is drawn the same every time."

    /// What index n of a folder means.
    package static func indexRule(_ folder: ImageFolder) -> String {
        let order =
            folder.classes.isEmpty
            ? "Images are numbered from 0 by file name, by code point; \(ImageFolder.rule)."
            : "Images are numbered from 0 in the order of torchvision's ImageFolder: class folders by name, then folders "
                + "and files by name, by code point; \(ImageFolder.rule)."
        guard !folder.classes.isEmpty else { return order }
        var reasons: [String] = []
        let others = folder.leftOut.filter(\.countsForTorchvision)
        if !others.isEmpty {
            let words = others.prefix(3).map(\.words).joined(separator: ", ")
            reasons.append("it also counts what was left out here: \(words)")
        }
        let unknown = folder.unknownToTorchvision
        if !unknown.isEmpty {
            let words = unknown.keys.sorted().map { "\(unknown[$0] ?? 0) × \($0)" }.joined(separator: ", ")
            reasons.append("it leaves out files that count here: \(words)")
        }
        guard !reasons.isEmpty else { return order }
        return order + " Torchvision's own numbers differ, because \(reasons.joined(separator: "; "))."
    }
}

extension LeftOutFiles {
    fileprivate init(_ group: LeftOut) {
        self.init(reason: group.reason.rawValue, kind: group.kind, count: group.count, examples: group.examples)
    }
}

extension DatasetImage {
    /// The same with what a look into its file says.
    package func checked(_ look: ImageLook) -> DatasetImage {
        var image = self
        image.warnings = look.warnings
        image.error = look.error
        return image
    }
}
