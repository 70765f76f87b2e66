import Foundation
import TestSupport
import Testing

/// The README's examples, executed as written.
@Suite(.blocking) struct ReadmeTests {
    @Test func curlExamplesRun() throws {
        let readme = try String(contentsOf: repository.appendingPathComponent("README.md"), encoding: .utf8)
        let blocks = readme.components(separatedBy: "```sh\n").dropFirst().compactMap {
            $0.components(separatedBy: "\n```").first
        }
        #expect(!blocks.isEmpty)
        // The examples write beside themselves, in a folder that has the checkout's tests, program and demo in it.
        let folder = try TemporaryFolder()
        for name in ["Tests", ".build", "deploy"] {
            try FileManager.default.createSymbolicLink(
                atPath: folder.path + "/" + name, withDestinationPath: repository.appendingPathComponent(name).path)
        }
        let server = try Server(["--demo"], data: folder.path + "/data", port: 8080)
        for block in blocks {
            let answer = try run("bash", ["-euo", "pipefail", "-c", block], directory: folder.path)
            #expect(answer.status == 0, "\(block)\n\(answer.text)\n\(answer.errors)")
        }
        #expect(server.process.isRunning)
        let png = FileManager.default.contents(atPath: folder.path + "/attention.png") ?? Data()
        #expect(png.starts(with: [0x89, 0x50, 0x4e, 0x47]))
    }
}
