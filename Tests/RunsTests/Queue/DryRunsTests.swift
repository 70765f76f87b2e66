import Catalogue
import TestSupport
import Foundation
import Platform
import Runs
import ServiceTestSupport
import Testing

/// Dry runs are few, have an end, and know nothing that they need not.
@Suite struct DryRunsTests {
    @Test func whatAProgramPrintsIsHandedBack() async throws {
        let runs = DryRuns()
        let answer = try await runs.run("/bin/sh", ["-c", "echo yes; echo no >&2"])
        #expect(answer.succeeded && answer.output == "yes\n" && answer.errors == "no\n")
        #expect(try await !runs.run("/bin/sh", ["-c", "exit 3"]).succeeded)
    }

    @Test func nothingSecretIsInherited() async throws {
        let allowed: Set<String> = [
            "PATH", "HOME", "TMPDIR", "LANG", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ONEDNN_MAX_CPU_ISA",
            "OPENBLAS_CORETYPE", "VITSCOPE_FAULT", "VITSCOPE_FAULT_ONCE",
        ]
        let answer = try await DryRuns().run("/usr/bin/env", [])
        let names = answer.output.split(separator: "\n").compactMap { $0.split(separator: "=").first.map(String.init) }
        #expect(Set(names).isSubset(of: allowed), "\(names)")
    }

    @Test func oneThatTakesTooLongIsEnded() async throws {
        let runs = DryRuns(limit: .zero)
        let error = await failure { _ = try await runs.run("/bin/sleep", ["100000"]) }
        guard case .tooLarge? = error else { return #expect(Bool(false), "\(error as Any)") }
    }

    @Test func oneMoreThanMayIsToldToComeAgain() async throws {
        let folder = NSTemporaryDirectory() + "vitscope-dry-" + UUID().uuidString
        try Folder.create(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let runs = DryRuns(most: 1, mostWaiting: 1)
        let script = "echo $$ > \(folder)/pid.tmp; mv \(folder)/pid.tmp \(folder)/pid; exec sleep 100000"
        let tasks = (0..<2).map { _ in Task { _ = try await runs.run("/bin/sh", ["-c", script]) } }
        _ = try await eventually("both are under way") { await runs.count == 2 ? true : nil }
        let error = await failure { _ = try await runs.run("/bin/sh", ["-c", "true"]) }
        guard case .busy? = error else { return #expect(Bool(false), "\(error as Any)") }
        let pid = try await eventually("the first has begun") {
            FileManager.default.contents(atPath: folder + "/pid").flatMap {
                Int(String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
            }
        }
        // Who leaves takes the process along.
        for task in tasks { task.cancel() }
        for task in tasks { _ = await task.result }
        _ = try await eventually("it is gone") { ProcessStatus(running: pid) == nil ? true : nil }
        #expect(await runs.count == 0)
        #expect(try await runs.run("/bin/sh", ["-c", "true"]).succeeded)
    }
}
