import Foundation

/// Where the program finds what comes with it: in the working directory or above the program as in a checkout, or
/// where `make install` puts it.
enum InstalledFolders {
    /// The page.
    static var page: String { find("public", in: ["public", "share/vitscope/public"], holding: "index.html") }

    /// The demo's jobs and checkpoints.
    static var demo: String {
        find("deploy/demo", in: ["deploy/demo", "share/vitscope/demo"], holding: "jobs/simmim.json")
    }

    private static func find(_ standard: String, in places: [String], holding file: String) -> String {
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        var folders = [standard]
        var above = URL(fileURLWithPath: program).deletingLastPathComponent()
        for _ in 0..<5 {
            folders += places.map { above.appendingPathComponent($0).path }
            above.deleteLastPathComponent()
        }
        return folders.first { FileManager.default.fileExists(atPath: $0 + "/" + file) } ?? standard
    }
}
