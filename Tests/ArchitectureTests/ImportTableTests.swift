import Foundation
import Testing

/// The map of the modules as a table: who may import whom. What is not here is forbidden.
@Suite struct ImportTableTests {
    static let ours: [String: Set<String>] = [
        "Platform": ["CLinux", "CMPI", "COpenSSL", "CZlib"],
        "Tensors": ["Platform", "CKernels", "COneDNN", "COpenBLAS"],
        "Images": ["Tensors", "Platform", "CJPEG", "CPNG", "CWebP", "CTIFF", "CGIF"],
        "Plots": ["CCairo"],
        "JSON": ["Tensors", "Platform"],
        "Checkpoints": ["JSON", "Tensors", "Platform"],
        "Models": ["Tensors", "Platform"],
        "Analysis": ["Models", "Tensors", "Platform"],
        "Training": ["Analysis", "Models", "Checkpoints", "Images", "Jobs", "JSON", "Tensors", "Platform"],
        "Jobs": [],
        "Storage": ["Jobs"],
        "Catalogue": ["Checkpoints", "Models", "Images", "JSON", "Tensors", "Platform"],
        "Engine": [
            "Catalogue", "Analysis", "Training", "Plots", "Jobs", "Checkpoints", "Models", "Images", "JSON", "Tensors",
            "Platform",
        ],
        "Processes": ["Engine", "Catalogue", "Checkpoints", "Images", "JSON", "Tensors", "Platform"],
        "Runs": [
            "Engine", "Catalogue", "Training", "Jobs", "Checkpoints", "Models", "Images", "JSON", "Tensors", "Platform",
        ],
        "Reproduction": [
            "Runs", "Engine", "Catalogue", "Analysis", "Training", "Plots", "Checkpoints", "Models", "Images", "JSON",
            "Tensors", "Platform",
        ],
        "Service": [
            "Reproduction", "Runs", "Processes", "Engine", "Catalogue", "Training", "Jobs", "Models", "Images", "JSON",
            "Tensors", "Platform",
        ],
        "WebAPI": ["Service", "Runs", "Engine", "Catalogue", "JSON", "Platform"],
        "vitscope": [
            "WebAPI", "Storage", "Service", "Reproduction", "Processes", "Runs", "Engine", "Catalogue", "Training",
            "JSON", "Platform",
        ],
    ]

    /// Packages of others, each at home in few rooms.
    static let theirs: [String: Set<String>] = [
        "Catalogue": ["Logging"],
        "Engine": ["Logging"],
        "Processes": ["Logging", "Subprocess", "SystemPackage"],
        "Runs": ["Logging", "Subprocess", "SystemPackage"],
        "Service": ["Logging"],
        "Storage": ["GRDB"],
        "WebAPI": [
            "Hummingbird", "HummingbirdCore", "HTTPTypes", "Logging", "NIOCore", "NIOHTTP1", "NIOHTTPTypes",
            "NIOHTTPTypesHTTP1", "RawStructuredFieldValues", "ServiceLifecycle", "UnixSignals",
        ],
        "vitscope": ["ArgumentParser", "Logging", "UnixSignals"],
    ]

    /// The toolchain's own, open to all.
    static let standard: Set<String> = [
        "Foundation", "FoundationEssentials", "FoundationNetworking", "Glibc", "Synchronization", "Dispatch",
    ]

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func sources(of module: String) -> [URL] {
        let folder = root.appendingPathComponent("Sources/\(module)")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
    }

    @Test func everyModuleIsInTheTable() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appendingPathComponent("Sources").path)
        let swift = folders.filter { !Self.sources(of: $0).isEmpty }
        #expect(Set(swift) == Set(Self.ours.keys))
    }

    @Test(arguments: ours.keys.sorted()) func importsFollowTheTable(module: String) throws {
        let allowed = (Self.ours[module] ?? []).union(Self.theirs[module] ?? []).union(Self.standard)
        let files = Self.sources(of: module)
        #expect(!files.isEmpty)
        for file in files {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                var words = line.split(separator: " ").map(String.init)
                while let first = words.first,
                    first.hasPrefix("@") || ["public", "package", "internal", "private"].contains(first)
                {
                    words.removeFirst()
                }
                guard words.first == "import", let name = words.last?.split(separator: ".").first else { continue }
                #expect(allowed.contains(String(name)), "\(module)/\(file.lastPathComponent) may not import \(name)")
            }
        }
    }

    /// Raw memory is touched in three rooms and where C draws; elsewhere not even the word appears.
    @Test(arguments: [
        "JSON", "Checkpoints", "Models", "Analysis", "Training", "Jobs", "Catalogue", "Engine", "Runs",
        "Reproduction", "Service", "Storage", "WebAPI", "vitscope",
    ])
    func noUnsafeWordOutsideItsRooms(module: String) throws {
        for file in Self.sources(of: module) {
            let text = try String(contentsOf: file, encoding: .utf8)
            for word in ["withUnsafe", "UnsafePointer", "UnsafeRaw", "UnsafeMutable", "unsafe ", "nonisolated(unsafe)"]
            {
                #expect(!text.contains(word), "\(file.lastPathComponent) says \(word)")
            }
        }
    }

    @Test func nothingIsLeftForLater() throws {
        let words = [
            "TO" + "DO", "FIX" + "ME", "X" + "XX", "for " + "now", "fatal" + "Error(", "try" + "!", "as" + "! ",
        ]
        for module in Self.ours.keys {
            for file in Self.sources(of: module) {
                let text = try String(contentsOf: file, encoding: .utf8)
                for word in words { #expect(!text.contains(word), "\(module)/\(file.lastPathComponent) says \(word)") }
            }
        }
    }
}
