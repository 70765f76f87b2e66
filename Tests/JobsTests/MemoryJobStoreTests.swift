import Jobs
import JobsTestSupport
import Testing

@Suite struct MemoryJobStoreTests {
    @Test func keepsResults() async throws { try await ResultStoreConformance.run(on: MemoryJobStore()) }

    // 10,000 jobs in a dictionary prove nothing about a queue.
    @Test(arguments: JobStoreCheck.allCases.filter { $0 != .manyJobs }) func conforms(to check: JobStoreCheck)
        async throws
    {
        try await check.run(on: MemoryJobStore())
    }
}
