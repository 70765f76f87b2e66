import Catalogue
public import FoundationEssentials
import Platform

/// Copies of what a data directory cannot make again by itself: the database of the queue, the list of models and the
/// probe sets. Weights, uploads and images are files that never change, and are copied like any others.
public struct DataBackup: Sendable {
    /// Copies the database at one path to another, where nothing is yet, as it is at one moment.
    public typealias CopyDatabase = @Sendable (_ path: String, _ target: String) async throws -> Void
    /// Throws unless the file at the path is a database that can be restored.
    public typealias CheckDatabase = @Sendable (_ path: String) async throws -> Void

    private static let database = "jobs.sqlite"
    private static let models = "models.json"
    private static let probeSets = "probe-sets"

    private let data: String
    private let now: Date

    public init(data: String, now: Date = Date()) {
        self.data = data
        self.now = now
    }

    /// Makes a backup, also while a server runs.
    ///
    /// - Parameter out: a file that ends in .sqlite for the database alone; a folder that is there, in which one with the
    ///   date in its name is made; or a folder that is made.
    /// - Returns: where it is.
    /// - Throws: `conflict` where there is nothing to back up or something in the way, and what `copy` throws.
    public func make(at out: String, copy: CopyDatabase) async throws -> String {
        let source = "\(data)/\(Self.database)"
        guard Folder.fileSize(source) ?? 0 > 0 else {
            throw ServiceError.conflict("\(data) has no \(Self.database), so there is nothing to back up.")
        }
        let isFolder = (try? Folder.entries(out)) != nil
        let target = isFolder ? "\(out)/vitscope-\(stamp)" : out
        guard !Folder.exists(target) else {
            throw ServiceError.conflict("\(target) is there already. Name a file or folder that is not.")
        }
        // A server that is about to start waits for us; one that runs does not mind.
        let lock = try LockFile(data + "/lock")
        defer { withExtendedLifetime(lock) {} }
        guard isFolder || !out.hasSuffix(".sqlite") else {
            try await copy(source, out)
            return out
        }
        // Who finds a folder under its name finds all of it there.
        let part = "\(target).part-\(RandomBytes.hex(4))"
        try Folder.create(part)
        do {
            try await copy(source, "\(part)/\(Self.database)")
            try keep(in: part)
            try Folder.move(part, to: target)
        } catch {
            try? Folder.removeTree(part)
            throw error
        }
        return target
    }

    private func keep(in folder: String) throws {
        if Folder.exists("\(data)/\(Self.models)") {
            try AtomicFile.write([try MappedFile.open("\(data)/\(Self.models)")], to: "\(folder)/\(Self.models)")
        }
        try copyProbeSets(from: data, to: folder)
    }

    /// Probe sets never change, so those that are there stay.
    private func copyProbeSets(from source: String, to target: String) throws {
        guard Folder.exists("\(source)/\(Self.probeSets)") else { return }
        try Folder.create("\(target)/\(Self.probeSets)")
        for entry in try Folder.entries("\(source)/\(Self.probeSets)") where entry.name.hasSuffix(".json") {
            let place = "\(target)/\(Self.probeSets)/\(entry.name)"
            guard !Folder.exists(place) else { continue }
            try AtomicFile.write([try MappedFile.open("\(source)/\(Self.probeSets)/\(entry.name)")], to: place)
        }
    }

    /// Brings a backup back, while no server runs. What is there now is set aside, and no folder of a job is touched: the
    /// next start finds those again that the backup does not know.
    ///
    /// - Parameter backup: what `make` has answered.
    /// - Returns: where the files that were there are now, seen from the data directory; nil where there were none.
    /// - Throws: `dataDirectoryLocked` while a server runs, `notFound`, and what `check` throws.
    public func restore(_ backup: String, check: CheckDatabase) async throws -> String? {
        let isFolder = (try? Folder.entries(backup)) != nil
        let source = isFolder ? "\(backup)/\(Self.database)" : backup
        guard Folder.fileSize(source) ?? 0 > 0 else {
            throw ServiceError.notFound(.file, name: source.shortened, nearest: [])
        }
        try Folder.create(data)
        guard let lock = try LockFile(data + "/lock") else { throw ServiceError.dataDirectoryLocked }
        defer { withExtendedLifetime(lock) {} }
        try await check(source)
        let list = isFolder && Folder.exists("\(backup)/\(Self.models)") ? "\(backup)/\(Self.models)" : nil
        let setAside = SetAsideFolder(data: data)
        var place: String?
        let old = ["", "-wal", "-shm"].map { Self.database + $0 } + (list == nil ? [] : [Self.models])
        for name in old where Folder.exists("\(data)/\(name)") {
            if place == nil { place = try setAside.make("before-restore-\(stamp)") }
            if let place { try Folder.move("\(data)/\(name)", to: "\(data)/\(place)/\(name)") }
        }
        try AtomicFile.write([try MappedFile.open(source)], to: "\(data)/\(Self.database)")
        if let list { try AtomicFile.write([try MappedFile.open(list)], to: "\(data)/\(Self.models)") }
        if isFolder { try copyProbeSets(from: backup, to: data) }
        return place
    }

    private var stamp: String { String(now.ISO8601Format().filter { $0 != "-" && $0 != ":" }) }
}
