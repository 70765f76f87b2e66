import Platform

/// A walk through a folder of images and those below it, which follows no link.
struct FolderWalk {
    /// What a folder holds: names, sorted.
    struct Contents {
        var folders: [String] = []
        var pictures: [String] = []
    }

    /// What was left out so far.
    var tally = LeftOutTally()
    private let root: String
    private let name: String
    private let shown: String
    private var visited = 0

    /// - Parameters:
    ///   - name: of the folder below `root`, or ".".
    ///   - shown: what people call it.
    init(root: String, name: String, shown: String) {
        self.root = root
        self.name = name
        self.shown = shown
    }

    /// What lies in the folder at `path` below the one that is walked; what is left out of it is counted.
    mutating func contents(of path: String) throws(ImageError) -> Contents {
        var contents = Contents()
        for entry in try entries(of: path) {
            let inner = path.isEmpty ? entry.name : "\(path)/\(entry.name)"
            let ending = FolderEntryKind.ending(of: entry.name)
            switch entry.kind {
            case .folder where FolderEntryKind.isSystem(entry.name, isFolder: true):
                tally.add(.system, "folder", path: inner)
            case .folder: contents.folders.append(entry.name)
            case .link: tally.add(.link, ending, path: inner)
            case .other: tally.add(.system, ending, path: inner)
            case .file:
                if FolderEntryKind.isSystem(entry.name, isFolder: false) {
                    tally.add(.system, ending, path: inner)
                } else if let reason = FolderEntryKind.reason(ending) {
                    tally.add(reason, ending, path: inner)
                } else {
                    contents.pictures.append(entry.name)
                }
            }
        }
        return contents
    }

    /// Whether people put folders into the one at `path`. Nothing is counted.
    mutating func hasFolders(_ path: String) throws(ImageError) -> Bool {
        try entries(of: path).contains { $0.kind == .folder && !FolderEntryKind.isSystem($0.name, isFolder: true) }
    }

    /// Adds the images of the folder at `path` and of all below it.
    mutating func collect(_ path: String, label: Int, into found: inout [ImageFolder.Entry]) throws(ImageError) {
        // Python sorts the paths of all folders below as text, in which a/b comes after a-b.
        var folders: [(path: String, names: [String])] = [], open = [path]
        while let next = open.popLast() {
            let contents = try contents(of: next)
            open += contents.folders.map { "\(next)/\($0)" }
            folders.append((next, contents.pictures))
        }
        folders.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        for folder in folders {
            for name in folder.names { found.append(.init(path: "\(folder.path)/\(name)", label: label)) }
        }
    }

    private mutating func entries(of path: String) throws(ImageError) -> [ContainedFile.Entry] {
        visited += 1
        guard visited <= ImageFolder.maxFolders else {
            throw ImageError.tooManyFolders(path: shown, limit: ImageFolder.maxFolders)
        }
        let whole = path.isEmpty ? name : name == "." ? path : "\(name)/\(path)"
        do throws(FileError) {
            let entries = try ContainedFile.entries(whole, beneath: root)
            // Paths are compared and looked up; a name that is dear to compare is none of an image's.
            for entry in entries where !StreamSafeText.holds(entry.name) {
                throw FileError.badName(path: whole == "." ? shown : whole)
            }
            return entries
        } catch {
            // "." tells nobody which folder is meant.
            if whole == ".", case .system(let call, _, let code) = error {
                throw ImageError.file(.system(call, path: shown, code: code))
            }
            throw ImageError.file(error)
        }
    }
}
