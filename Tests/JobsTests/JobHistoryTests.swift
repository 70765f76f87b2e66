import Foundation
import Jobs
import JobsTestSupport
import Testing

/// The checker finds what it is there for.
@Suite struct JobHistoryTests {
    private func state(_ number: Int, _ state: String, attempt: Int, kind: String = "state") -> JobHistory.Entry {
        let data = #"{"state":"\#(state)","attempt":\#(attempt),"held":false,"step":0}"#
        return JobHistory.Entry(number: number, kind: kind, data: data)
    }

    private func problems(_ entries: [JobHistory.Entry]) -> Int { JobHistory(id: "x", entries: entries).problems.count }

    @Test func soundLifeIsSound() {
        let life = [
            state(1, "queued", attempt: 0), state(2, "running", attempt: 1), state(3, "queued", attempt: 0),
            state(4, "running", attempt: 1), state(5, "succeeded", attempt: 1),
            state(6, "succeeded", attempt: 1, kind: "end"),
        ]
        #expect(problems(life) == 0)
        #expect(problems(Array(life.dropLast())) == 1)
        #expect(problems(life + [state(7, "succeeded", attempt: 1, kind: "end")]) > 0)
        #expect(problems(life + [state(7, "running", attempt: 2)]) > 0)
        #expect(problems([life[0], life[2]]) > 0)
    }

    @Test func lostAndRepeatedAreFound() {
        let begin = [state(1, "queued", attempt: 0), state(2, "running", attempt: 1)]
        func entry(_ number: Int, _ kind: String, _ data: String) -> JobHistory.Entry {
            JobHistory.Entry(number: number, kind: kind, data: data)
        }
        #expect(problems(begin) == 0)
        #expect(problems([state(1, "queued", attempt: 0), state(2, "running", attempt: 2)]) == 1)
        #expect(problems(begin + [entry(3, "metric", #"{"line":0}"#), entry(4, "metric", #"{"line":1}"#)]) == 0)
        #expect(problems(begin + [entry(3, "metric", #"{"line":0}"#), entry(4, "metric", #"{"line":0}"#)]) == 1)
        #expect(problems(begin + [entry(3, "progress", #"{"step":5}"#), entry(4, "progress", #"{"step":4}"#)]) == 1)
        #expect(problems(begin + [entry(4, "log", "{}")]) == 1)
        #expect(problems([]) == 1)
    }

    @Test func storeThatForgetsIsFound() async throws {
        let store = MemoryJobStore()
        let job = JobSamples.job()
        _ = try await store.submit(job, key: nil, limit: 9)
        #expect(try await JobHistory.problems(in: store, submitted: [job.id]) == [])
        #expect(try await JobHistory.problems(in: store, submitted: [JobID(at: .now)]).count == 1)
    }
}
