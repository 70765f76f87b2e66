package import NIOCore
package import Platform

/// The page's files, read and compressed once at start. What is not in this table does not exist for the web.
///
/// Every file is at `assets/PATH`, to be revalidated, and at `assets/VERSION/PATH`, to be kept for ever: the version is
/// the digest of all files together. `index.html` points into the versioned folder, and relative imports between files
/// stay inside it, so no browser ever mixes the files of two versions, also below a path prefix.
package struct StaticAssets: Sendable {
    /// One file as it is sent. All answers share its bytes.
    package struct File: Sendable {
        package let type: String
        package let bytes: ByteBuffer
        /// The gzip form, where it is smaller.
        package let compressed: ByteBuffer?
        /// Digest of the bytes.
        package let digest: String
    }

    private static let mostFiles = 2000
    private static let mostBytes = 128 << 20
    private static let mostFolders = 8

    /// Digest of all files; part of the addresses that may be kept for ever.
    package let version: String
    private let files: [String: File]
    /// `index.html`, pointing into the versioned folder.
    package let index: File?

    /// The file at `path` below `assets/`, and whether that path may be kept for ever.
    package func file(at path: String) -> (file: File, isVersioned: Bool)? {
        if let file = files[path] { return (file, false) }
        let prefix = version + "/"
        guard path.hasPrefix(prefix), let file = files[String(path.dropFirst(prefix.count))] else { return nil }
        return (file, true)
    }

    /// No files at all: a server without a page.
    package static let none = StaticAssets(files: [:], page: nil)

    /// - Throws: `FileError` where the folder or a file cannot be read.
    package init(directory: String) throws(FileError) {
        var files: [String: File] = [:]
        var page: [UInt8]?
        var bytes = 0
        var folders = [""]
        while let folder = folders.popLast() {
            for entry in try Folder.entries(folder.isEmpty ? directory : directory + "/" + folder) {
                let path = folder.isEmpty ? entry.name : folder + "/" + entry.name
                if entry.isFolder {
                    if path.split(separator: "/").count <= StaticAssets.mostFolders { folders.append(path) }
                    continue
                }
                bytes += entry.sizeBytes
                guard let type = StaticAssets.type(of: entry.name), files.count < StaticAssets.mostFiles,
                    bytes <= StaticAssets.mostBytes
                else { continue }
                let content = try MappedFile.open(path, beneath: directory).array
                if path == "index.html" { page = content } else { files[path] = File(content, type: type) }
            }
        }
        self.init(files: files, page: page)
    }

    private init(files: [String: File], page: [UInt8]?) {
        self.files = files
        let listing = files.sorted { $0.key < $1.key }.map { "\($0.key)\n\($0.value.digest)\n" }.joined()
        let version = String(SHA256.hex(of: Array(listing.utf8)).prefix(16))
        self.version = version
        index = page.map { page in
            let html = String(decoding: page, as: UTF8.self)
            return File(Array(StaticAssets.versioned(html, version).utf8), type: "text/html; charset=utf-8")
        }
    }

    /// `html` with every address that starts with `assets/` moved into the versioned folder.
    private static func versioned(_ html: String, _ version: String) -> String {
        var result = ""
        var rest = html[...]
        while let quote = rest.firstIndex(where: { $0 == "\"" || $0 == "'" }) {
            let after = rest.index(after: quote)
            result += rest[..<after]
            rest = rest[after...]
            for start in ["./assets/", "assets/"] where rest.hasPrefix(start) {
                result += start + version + "/"
                rest = rest.dropFirst(start.count)
                break
            }
        }
        return result + rest
    }

    /// The media type by a file's ending; nil for kinds that a page has no use for.
    private static func type(of name: String) -> String? {
        switch name.split(separator: ".").last.map({ $0.lowercased() }) {
        case "html": "text/html; charset=utf-8"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "jpg", "jpeg": "image/jpeg"
        case "ico": "image/x-icon"
        case "webp": "image/webp"
        case "json", "map": "application/json"
        case "woff2": "font/woff2"
        case "txt": "text/plain; charset=utf-8"
        case "webmanifest": "application/manifest+json"
        default: nil
        }
    }
}

extension StaticAssets.File {
    init(_ bytes: [UInt8], type: String) {
        self.type = type
        self.bytes = ByteBuffer(bytes: bytes)
        digest = SHA256.hex(of: bytes)
        let isText = type.hasPrefix("text/") || type == "image/svg+xml" || type == "application/json"
        // The chart library would keep the server from starting for a quarter of a second at the best level.
        let level: Int32 = bytes.count > 1 << 20 ? 1 : 9
        let packed = isText && bytes.count > 512 ? Deflate.gzip(bytes, level: level) : bytes
        compressed = packed.count < bytes.count ? ByteBuffer(bytes: packed) : nil
    }
}
