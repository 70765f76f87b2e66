public import Platform

/// Pictures on disk in torchvision's ImageFolder layout, a folder for each class, or all in one folder without classes.
///
/// Classes are the folders directly below, sorted by name; the pictures of a class are those anywhere below its folder,
/// sorted by folder, then by name, all by code point as Python does: index n is torchvision's index n. Files count that
/// end in .jpg, .jpeg or .png, in small or capital letters; names that begin with a dot do not.
public struct ImageFolder: Sendable {
    /// One picture.
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
    /// The pictures, in order.
    public let entries: [Entry]

    /// How many folders are looked into at the most.
    public static let maxFolders = 100_000

    /// Lists the folder. No file is opened. A link to a folder outside is refused here, one to a file when it is read.
    ///
    /// - Throws: `ImageError.noImages`, `.tooManyFolders`, or `.file` where a folder cannot be read or leads outside.
    public init(_ directory: String) throws(ImageError) {
        var walk = Walk(directory: directory)
        let top = try walk.entries(of: "")
        var classes: [String] = [], entries: [Entry] = []
        for folder in top where folder.isFolder {
            try walk.collect(folder.name, label: classes.count, into: &entries)
            classes.append(folder.name)
        }
        if entries.isEmpty {
            classes = []
            entries = top.filter { !$0.isFolder && Self.isImage($0.name) }.map { Entry(path: $0.name, label: nil) }
        }
        guard !entries.isEmpty else { throw ImageError.noImages(path: directory) }
        self.directory = directory
        self.classes = classes
        self.entries = entries
    }

    /// How many pictures there are.
    public var count: Int { entries.count }

    /// The file of picture `index`, mapped.
    ///
    /// - Throws: `ImageError.file` where it cannot be read or is a link that leads outside.
    public func bytes(at index: Int) throws(ImageError) -> Bytes {
        do {
            return try MappedFile.open(entries[index].path, beneath: directory)
        } catch {
            throw ImageError.file(error)
        }
    }

    /// Picture `index`, as stored: torchvision does not turn it.
    public func image(at index: Int, limits: ImageLimits = .standard) throws(ImageError) -> Image {
        try Image.decode(bytes(at: index), orientation: .ignore, limits: limits)
    }

    fileprivate static func isImage(_ name: String) -> Bool {
        let name = name.lowercased()
        return [".jpg", ".jpeg", ".png"].contains { name.hasSuffix($0) }
    }
}

/// A walk through a folder and those below it.
private struct Walk {
    let directory: String
    private var visited = 0

    init(directory: String) { self.directory = directory }

    /// What lies in the folder at `path` below the directory.
    mutating func entries(of path: String) throws(ImageError) -> [Folder.Entry] {
        visited += 1
        guard visited <= ImageFolder.maxFolders else {
            throw ImageError.tooManyFolders(path: directory, limit: ImageFolder.maxFolders)
        }
        do throws(FileError) {
            // A link may lead to another folder inside, not out.
            if !path.isEmpty { _ = try ContainedFile.kind(path, beneath: directory) }
            let entries = try Folder.entries(path.isEmpty ? directory : "\(directory)/\(path)")
            // Paths are compared and looked up; a name that is dear to compare is none of a picture's.
            for entry in entries where !StreamSafeText.holds(entry.name) {
                throw FileError.badName(path: path.isEmpty ? directory : "\(directory)/\(path)")
            }
            return entries
        } catch {
            throw ImageError.file(error)
        }
    }

    /// Adds the pictures of the folder at `path` and of all below it.
    mutating func collect(_ path: String, label: Int, into found: inout [ImageFolder.Entry]) throws(ImageError) {
        // Python sorts the paths of all folders below as text, in which a/b comes after a-b.
        var folders: [(path: String, names: [String])] = [], open = [path]
        while let next = open.popLast() {
            var names: [String] = []
            for entry in try entries(of: next) {
                if entry.isFolder {
                    open.append("\(next)/\(entry.name)")
                } else if ImageFolder.isImage(entry.name) {
                    names.append(entry.name)
                }
            }
            folders.append((next, names))
        }
        folders.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        for folder in folders {
            for name in folder.names { found.append(.init(path: "\(folder.path)/\(name)", label: label)) }
        }
    }
}
