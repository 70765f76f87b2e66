import Foundation
import Platform
import Testing
import Training

@Suite struct RunDirectoryTests {
    func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch { return "\(error)" }
    }

    @Test func secondTrainerIsRefused() throws {
        let folder = RunFolder()
        let first = try RunDirectory(folder.path)
        #expect(throws: TrainingError.locked(directory: folder.path)) { try RunDirectory(folder.path) }
        #expect(!first.hasRun)
    }

    @Test func otherConfigurationsAreRefusedWithTheirFields() throws {
        let folder = RunFolder()
        try TinyRun("moco_v3").run(in: folder, stopAfter: 1)
        let said = message {
            try TinyRun("moco_v3", #""weight_decay": 0.3, "augmentation": {"flip": 0.25}"#).run(in: folder)
        }
        #expect(said.contains("/weight_decay was 0.1 and is now 0.3"))
        #expect(said.contains("/augmentation/flip was 0.5 and is now 0.25"))
        // What changes nothing that is learned may change.
        var run = TinyRun("moco_v3", #""name": "again", "labels": {"a": "b"}, "checkpoint": {"keep_last": 1}"#)
        #expect(try run.run(in: folder, stopAfter: 2).outcome == .stopped)
        run.identity.threads = 3
        run.identity.datasetDigest = "e"
        let other = message { try run.run(in: folder) }
        #expect(other.contains("2 threads became 3") && other.contains("images"))
        #expect(try run.run(in: folder, allowInexact: true).outcome == .succeeded)
        let record = String(decoding: try #require(folder.bytes("state.json")), as: UTF8.self)
        #expect(record.contains("\"inexact\": true"))
    }

    @Test func turnedBitsOfTheRecordAndTheMetricsAreNoticed() throws {
        let folder = RunFolder()
        try TinyRun("simmim").run(in: folder, stopAfter: 6)
        #expect(RunDirectory.metricsAreWhole(in: folder.path))
        let checkpoints = try StoredCheckpoint.all(in: folder.path)
        for name in ["metrics.jsonl", "state.json"] {
            let bytes = try #require(folder.bytes(name))
            for place in stride(from: 0, to: bytes.count, by: 7) {
                var turned = bytes
                turned[place] ^= 1
                try turned.write(to: URL(fileURLWithPath: folder.path + "/" + name))
                // A record is refused, or says what it said: a space, or the name of the seal, was turned.
                let isHarmless =
                    name == "state.json"
                    ? (try? StoredCheckpoint.all(in: folder.path)).map { $0 == checkpoints } ?? true
                    : !RunDirectory.metricsAreWhole(in: folder.path)
                #expect(isHarmless, "\(name), byte \(place)")
            }
            try bytes.write(to: URL(fileURLWithPath: folder.path + "/" + name))
        }
        #expect(try TinyRun("simmim").run(in: folder).outcome == .succeeded)
        #expect(RunDirectory.metricsAreWhole(in: folder.path))
    }

    @Test func foreignFoldersAndRestartsAreRefused() throws {
        let folder = RunFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder.path + "/thesis.txt"))
        #expect(message { try TinyRun("simmim").run(in: folder) }.contains("empty directory"))
        #expect(message { _ = try RunDirectory(folder.path, restart: true) }.contains("not empty"))
        #expect(folder.bytes("thesis.txt") == Data("x".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["thesis.txt"])
        let empty = RunFolder()
        #expect(try !RunDirectory(empty.path, restart: true).hasRun)
    }

    /// A start that ended before its run entered leaves nothing that `restart` minds.
    @Test func restartAfterAFailedStartIsAllowed() throws {
        let folder = RunFolder()
        _ = try RunDirectory(folder.path)
        #expect(try !RunDirectory(folder.path, restart: true).hasRun)
        #expect(folder.checkpoints.isEmpty)
    }

    @Test func spoiledRecordIsSaid() throws {
        let folder = RunFolder()
        try TinyRun("simmim").run(in: folder, stopAfter: 1)
        try Data("{".utf8).write(to: URL(fileURLWithPath: folder.path + "/state.json"))
        #expect(message { try TinyRun("simmim").run(in: folder) }.contains("state.json"))
    }

    /// Where metrics cannot be kept, nothing is trained, and the checkpoints stay.
    @Test func metricsThatAreNoFileEndTheRun() throws {
        let folder = RunFolder()
        let run = TinyRun("simmim")
        try run.run(in: folder, stopAfter: 4)
        let metrics = folder.path + "/metrics.jsonl"
        try FileManager.default.removeItem(atPath: metrics)
        try FileManager.default.createSymbolicLink(atPath: metrics, withDestinationPath: "/dev/full")
        let error = #expect(throws: TrainingError.self) { try run.run(in: folder) }
        #expect(error.map { "\($0)" }?.isEmpty == false)
        #expect(folder.checkpoints == ["step-4.safetensors"])
    }
}
