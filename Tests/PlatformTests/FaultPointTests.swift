import Foundation
import Testing

import Platform

@Suite struct FaultPointTests {
    @Test func countIsReachedOnce() throws {
        let plan = try #require(FaultPlan("file.synced:3", marker: nil))
        #expect(plan.point == .fileSynced)
        #expect((0..<5).map { _ in plan.isDue("") } == [false, false, true, false, false])
    }

    @Test func subjectIsCounted() throws {
        let plan = try #require(FaultPlan("file.renamed/step-:2", marker: nil))
        let paths = ["/a/step-1", "/a/state.json", "/a/step-2", "/a/step-3"]
        #expect(paths.map { plan.isDue($0) } == [false, false, true, false])
    }

    /// The next process lives.
    @Test func markerIsMadeOnce() throws {
        let marker = NSTemporaryDirectory() + "vitscope-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: marker) }
        #expect(try #require(FaultPlan("outcome.before:1", marker: marker)).isDue(""))
        #expect(FileManager.default.fileExists(atPath: marker))
        #expect(try #require(FaultPlan("outcome.before:1", marker: marker)).isDue("") == false)
    }

    @Test func nonsenseIsNoPlan() {
        for text in [
            nil, "", "file.synced", "file.synced:0", "file.synced:-1", "file.synced:x", "nowhere:1", ":1", "/:1",
        ] {
            #expect(FaultPlan(text, marker: nil) == nil)
        }
    }

    @Test func namesAreDifferent() {
        #expect(Set(FaultPoint.allCases.map(\.rawValue)).count == FaultPoint.allCases.count)
    }
}
