/// Files and folders of one kind that a folder of images holds beside its images.
public struct LeftOut: Sendable, Hashable {
    /// Why they were left out. Raw values are JSON's words.
    public enum Reason: String, Sendable, CaseIterable {
        /// Images in a format that is not read.
        case format = "format_not_read"
        /// Files that are no images by their name.
        case noPicture = "not_a_picture"
        /// What systems and programs leave behind, and everything hidden.
        case system
        /// Symbolic links, which are not followed.
        case link
        /// Images beside the folders of classes.
        case loose = "beside_the_classes"
    }

    public let reason: Reason
    /// The ending of the files in small letters with its dot, empty where they have none; `folder` for folders.
    public let kind: String
    public internal(set) var count = 0
    /// The paths of the first few below the folder, one at least.
    public internal(set) var examples: [String] = []

    /// The first one's path below the folder.
    public var example: String { examples.first ?? "" }

    /// Number, kind and an example in words.
    public var words: String {
        let what = kind == "folder" ? "folder" : kind.isEmpty ? "file without an ending" : "\(kind) file"
        let why =
            switch reason {
            case .format: "in a format that is not read"
            case .noPicture: "that is no image"
            case .system: "hidden or of the system"
            case .link: "linked"
            case .loose: "beside the folders of the classes"
            }
        return "\(count) × \(what) \(why), such as \(example)"
    }

    /// Whether torchvision's ImageFolder takes such files for images, or such folders for classes: then its indices
    /// are others. Loose images are none to it either.
    public var countsForTorchvision: Bool {
        switch reason {
        case .loose, .noPicture: false
        case .format, .system, .link: kind == "folder" || FolderEntryKind.torchvision.contains(kind)
        }
    }
}

/// What was left out, by reason and kind.
struct LeftOutTally {
    private struct Key: Hashable {
        let reason: LeftOut.Reason
        let kind: String
    }

    /// How many names are kept of each reason and kind.
    private static let namesOfEach = 5
    private var found: [Key: LeftOut] = [:]

    /// Counts the file or folder at `path`.
    mutating func add(_ reason: LeftOut.Reason, _ kind: String, path: String) {
        let key = Key(reason: reason, kind: kind)
        found[key, default: LeftOut(reason: reason, kind: kind)].count += 1
        if let known = found[key]?.examples.count, known < Self.namesOfEach { found[key]?.examples.append(path) }
    }

    /// In a fixed order.
    var groups: [LeftOut] {
        let order = LeftOut.Reason.allCases
        return found.values.sorted {
            let first = order.firstIndex(of: $0.reason) ?? 0, second = order.firstIndex(of: $1.reason) ?? 0
            return (first, $0.kind) < (second, $1.kind)
        }
    }
}

/// What names say of files.
enum FolderEntryKind {
    /// What is read.
    static let read = Set(ImageFormat.allCases.flatMap(\.endings))
    /// The same in words.
    static let readWords = ImageFormat.allCases.flatMap(\.endings).joined(separator: ", ")
    /// What torchvision's ImageFolder takes.
    static let torchvision: Set<String> = [
        ".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp",
    ]
    private static let pictures = torchvision.union([
        ".heic", ".heif", ".avif", ".jxl", ".jp2", ".jfif", ".jpe", ".svg", ".ico", ".tga", ".dng", ".cr2",
        ".nef", ".arw", ".raw", ".psd", ".qoi", ".pbm",
    ])
    private static let systemFiles: Set<String> = ["thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"]
    private static let systemFolders: Set<String> = [
        "__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found", "__pycache__",
    ]
    /// Folders that hold parts of a dataset rather than classes.
    static let splits: Set<String> = [
        "train", "training", "val", "valid", "validation", "dev", "test", "testing",
    ]

    /// The ending in small letters with its dot, or nothing.
    static func ending(of name: String) -> String {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
        return String(name[dot...].prefix(16)).lowercased()
    }

    /// Whether no person put the file or folder there.
    static func isSystem(_ name: String, isFolder: Bool) -> Bool {
        name.hasPrefix(".") || (isFolder ? systemFolders : systemFiles).contains(name.lowercased())
    }

    /// Why a file that is not the system's is left out; nil for one that is read.
    static func reason(_ ending: String) -> LeftOut.Reason? {
        if read.contains(ending) { return nil }
        return pictures.contains(ending) ? .format : .noPicture
    }
}
