import Catalogue
import TestSupport
import Foundation
import Platform
import Service
import ServiceTestSupport
import Synchronization
import Testing

/// One model after another, and none for ever.
@Suite struct LoadLineTests {
    /// Opens once, for who waits at it.
    private final class Gate: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)

        func wait() { semaphore.wait() }
        func open() { semaphore.signal() }
    }

    private final class Names: Sendable {
        private let names = Mutex<[String]>([])
        var all: [String] { names.withLock { $0 } }
        func add(_ name: String) { names.withLock { $0.append(name) } }
    }

    @Test func aLoadThatNeverEndsHoldsNobodyBack() async throws {
        let line = LoadLine(patience: .zero), gate = Gate()
        let slow = Task { try await line.run(isLast: false, begun: {}, { try await $0.run { gate.wait() } }) }
        // Without an end of its own, each of these would wait for ever.
        for number in 0..<8 {
            #expect(try await line.run(isLast: false, begun: {}, { _ in number }) == number)
        }
        gate.open()
        try await slow.value
    }

    @Test func oneWhoFailsPassesTheTurnOn() async throws {
        let line = LoadLine(patience: .seconds(1_000_000))
        struct Broken: Error {}
        for _ in 0..<3 {
            await #expect(throws: Broken.self) { try await line.run(isLast: false, begun: {}, { _ in throw Broken() }) }
            await #expect(throws: Broken.self) { try await line.run(isLast: true, begun: { throw Broken() }, { _ in }) }
        }
        #expect(try await line.run(isLast: true, begun: {}, { _ in 7 }) == 7)
    }

    /// While one loads, the others line up; those who are last stay so whenever they came.
    @Test func thoseWhoAreLastWaitForAllOthers() async throws {
        let line = LoadLine(patience: .seconds(1_000_000)), gate = Gate(), order = Names(), began = Names()
        let first = Task {
            try await line.run(isLast: false, begun: { began.add("first") }, { try await $0.run { gate.wait() } })
        }
        _ = try await eventually("the first has its turn") { began.all.isEmpty ? nil : true }
        let names = ["last", "a", "b", "c"]
        var tasks: [Task<Void, any Error>] = []
        for (count, name) in names.enumerated() {
            tasks.append(Task { try await line.run(isLast: name == "last", begun: { order.add(name) }, { _ in }) })
            _ = try await eventually("it is in the line") { await line.length == count + 1 ? true : nil }
        }
        #expect(order.all.isEmpty, "one after another")
        gate.open()
        try await first.value
        for task in tasks { try await task.value }
        #expect(order.all == ["a", "b", "c", "last"])
    }

    @Test func marksAreReadBack() throws {
        let folder = NSTemporaryDirectory() + "vitscope-marks-" + UUID().uuidString
        try Folder.create(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let marks = LoadMarks(path: folder + "/models-loading.json")
        #expect(marks.read().isEmpty)
        marks.write(["a", "b"])
        #expect(marks.read() == ["a", "b"])
        marks.write([])
        #expect(!Folder.exists(folder + "/models-loading.json"))
        try AtomicFile.write(Array("{".utf8), to: folder + "/models-loading.json")
        #expect(marks.read().isEmpty)
    }

    /// What the last process did not finish is tried again, and nothing of it is kept as loading when it is done.
    @Test func aModelThatWasUnderWayLoadsAllTheSame() async throws {
        let test = try await TestService()
        try await test.register("a")
        try await test.register("b")
        await test.service.shutdown()
        let marks = LoadMarks(path: test.folder + "/data/models-loading.json")
        #expect(marks.read().isEmpty)
        marks.write(["a"])
        let again = TestService.make(test.folder)
        try await again.start()
        for name in ["a", "b"] {
            _ = try await eventually("it has loaded") { try await again.model(name).state == .ready ? true : nil }
        }
        #expect(marks.read().isEmpty)
        await again.shutdown()
    }
}
