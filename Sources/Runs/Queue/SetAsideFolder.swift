import Platform

/// Where things go that are in the way and that nobody must lose: `set-aside` in the data directory.
struct SetAsideFolder: Sendable {
    let data: String

    /// Moves `path` there.
    ///
    /// - Parameter name: what it shall be called; another number follows where that is taken.
    /// - Returns: where it is now, seen from the data directory.
    func take(_ path: String, as name: String) throws(FileError) -> String {
        let place = free(name)
        if let slash = place.lastIndex(of: "/") { try Folder.create("\(data)/\(place[..<slash])") }
        try Folder.move(path, to: "\(data)/\(place)")
        return place
    }

    /// Makes a new folder there.
    ///
    /// - Returns: where it is, seen from the data directory.
    func make(_ name: String) throws(FileError) -> String {
        let place = free(name)
        try Folder.create("\(data)/\(place)")
        return place
    }

    private func free(_ name: String) -> String {
        var place = "set-aside/" + name, number = 1
        while Folder.exists("\(data)/\(place)") {
            number += 1
            place = "set-aside/\(name)-\(number)"
        }
        return place
    }

    /// What to say of what lies there already; nil where nothing does.
    var reminder: String? {
        guard let entries = try? Folder.entries(data + "/set-aside"), !entries.isEmpty else { return nil }
        return "set-aside in the data directory holds what earlier starts could not place: "
            + "\(entries.map(\.name).prefix(20).joined(separator: ", ")). Look at it, and delete it when nobody needs it."
    }
}
