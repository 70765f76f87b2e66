import FoundationEssentials

/// Where files go that are in the way and that nobody must lose: `set-aside` beside the database.
enum SetAside {
    /// Makes a new folder for the files of the database at `path`.
    ///
    /// - Returns: where it is, and how users may call it: seen from the data directory.
    static func folder(beside path: String, at date: Date = Date()) throws -> (path: String, name: String) {
        let files = FileManager.default, slash = path.lastIndex(of: "/")
        let data = slash.map { String(path[..<$0]) } ?? "."
        let stamp = String(date.ISO8601Format().filter { $0 != "-" && $0 != ":" })
        var name = "set-aside/database-\(stamp)", number = 1
        while files.fileExists(atPath: "\(data)/\(name)") {
            number += 1
            name = "set-aside/database-\(stamp)-\(number)"
        }
        try files.createDirectory(
            atPath: "\(data)/\(name)", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return ("\(data)/\(name)", name)
    }
}
