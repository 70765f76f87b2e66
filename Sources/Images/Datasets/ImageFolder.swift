public import Platform

/// Images on disk in torchvision's ImageFolder layout, a folder for each class, or all in one folder without classes.
///
/// Classes are the folders directly below, sorted by name; the images of a class are those anywhere below its folder,
/// sorted by folder, then by name, all by code point as Python does: index n is torchvision's index n. Files count that
/// end as `ImageFormat` says, in small or capital letters. What is hidden, what systems leave behind, symbolic links and
/// all other files are left out, and told in `leftOut`.
public struct ImageFolder: Sendable {
    /// One image.
    public struct Entry: Sendable, Hashable {
        /// Its path below the folder, with slashes.
        public let path: String
        /// Its class, an index of `classes`; nil in a folder without classes.
        public let label: Int?
    }

    /// The folder.
    public let directory: String
    /// The names of the classes; empty in a folder without classes.
    public let classes: [String]
    /// The images, in order.
    public let entries: [Entry]
    /// What else lies there.
    public let leftOut: [LeftOut]
    private let root: String
    private let name: String

    /// Which files count, in words.
    public static let rule = "only files that end in \(FolderEntryKind.readWords) count"

    /// How many folders are looked into at the most.
    public static let maxFolders = 100_000

    /// Lists a folder that somebody names on their own machine. No file is opened.
    ///
    /// - Throws: `ImageError.noImages`, `.hasSplits`, `.tooManyFolders`, or `.file` where a folder cannot be read.
    public init(_ directory: String) throws(ImageError) { try self.init(".", beneath: directory) }

    /// Lists the folder `name` below `root`, which nothing leads out of.
    ///
    /// - Parameter findsSplits: whether folders called train, val or test hold parts of a dataset, not classes.
    /// - Throws: as the other.
    public init(_ name: String, beneath root: String, findsSplits: Bool = true) throws(ImageError) {
        self.root = root
        self.name = name
        directory = name == "." ? root : "\(root)/\(name)"
        // Errors are told to others, whom the root does not concern.
        let shown = name == "." ? root : name
        var walk = FolderWalk(root: root, name: name, shown: shown)
        let top = try walk.contents(of: "")
        if findsSplits {
            let splits = try Self.splits(among: top.folders, &walk)
            if !splits.isEmpty { throw ImageError.hasSplits(path: shown, splits: splits) }
        }
        var classes: [String] = [], entries: [Entry] = []
        for folder in top.folders {
            try walk.collect(folder, label: classes.count, into: &entries)
            classes.append(folder)
        }
        if entries.isEmpty {
            classes = []
            entries = top.pictures.map { Entry(path: $0, label: nil) }
        } else {
            for picture in top.pictures { walk.tally.add(.loose, FolderEntryKind.ending(of: picture), path: picture) }
        }
        leftOut = walk.tally.groups
        guard !entries.isEmpty else {
            throw ImageError.noImages(path: shown, leftOut: leftOut.filter { $0.reason != .noPicture })
        }
        self.classes = classes
        self.entries = entries
    }

    /// The folders among `folders` that are parts of a dataset: all of them, or two or more with folders inside.
    private static func splits(among folders: [String], _ walk: inout FolderWalk) throws(ImageError) -> [String] {
        let named = folders.filter { FolderEntryKind.splits.contains($0.lowercased()) }
        guard !named.isEmpty else { return [] }
        var nested: [String] = []
        for folder in named where try walk.hasFolders(folder) { nested.append(folder) }
        if named.count == folders.count { return named.count > 1 || !nested.isEmpty ? named : [] }
        // Among folders of other names a class may be called train.
        return nested.count > 1 && nested.count == named.count ? named : []
    }

    /// How many images there are.
    public var count: Int { entries.count }

    /// The classes without an image.
    public var emptyClasses: [String] {
        let used = Set(entries.compactMap(\.label))
        return classes.indices.filter { !used.contains($0) }.map { classes[$0] }
    }

    /// How many images torchvision's ImageFolder does not take for images, by the ending of their files.
    public var unknownToTorchvision: [String: Int] {
        entries.reduce(into: [:]) { counts, entry in
            let ending = FolderEntryKind.ending(of: String(entry.path.split(separator: "/").last ?? ""))
            if !FolderEntryKind.torchvision.contains(ending) { counts[ending, default: 0] += 1 }
        }
    }

    /// The file of image `index`, mapped.
    ///
    /// - Throws: `ImageError.file` where it cannot be read or has become a link.
    public func bytes(at index: Int) throws(ImageError) -> Bytes {
        try file(at: index).bytes()
    }

    /// Where the file of image `index` lies.
    public func file(at index: Int) -> FolderImage {
        let path = entries[index].path
        return FolderImage(path: name == "." ? path : "\(name)/\(path)", root: root)
    }

    /// Image `index`, as stored: torchvision does not turn it.
    public func image(at index: Int, limits: ImageLimits = .standard) throws(ImageError) -> Image {
        try Image.decode(bytes(at: index), orientation: .ignore, limits: limits)
    }
}
