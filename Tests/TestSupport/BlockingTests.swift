import Foundation
public import Testing

/// For tests that wait for programs: they run on threads of their own, two at a time.
///
/// Swift runs all other tests on as many threads as there are cores. A test that blocks one of those for half a
/// minute keeps hundreds of others from going on, and what they wait for comes too late.
public struct BlockingTests: SuiteTrait, TestTrait, TestScoping {
    public var isRecursive: Bool { true }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(BlockingExecutor.shared) { try await function() }
    }
}

extension Trait where Self == BlockingTests {
    /// The tests of this suite wait for programs.
    public static var blocking: BlockingTests { BlockingTests() }
}

private final class BlockingExecutor: TaskExecutor {
    static let shared = BlockingExecutor()

    private let threads: OperationQueue = {
        let threads = OperationQueue()
        threads.maxConcurrentOperationCount = 2
        return threads
    }()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        threads.addOperation { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
