public import Foundation

/// The checkout that these tests stand in.
public let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// A file or folder below Tests/Fixtures.
public func fixture(_ path: String) -> String { repository.appendingPathComponent("Tests/Fixtures/\(path)").path }

/// A folder that goes when its owner does.
public final class TemporaryFolder: Sendable {
    public let path: String

    public init() throws {
        path = NSTemporaryDirectory() + "vitscope-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
