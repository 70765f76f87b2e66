import Foundation
import Jobs
import JobsTestSupport
import Testing

@Suite struct JobIDTests {
    @Test func idsSortByTime() {
        let ids = (0..<1000).map { JobID(at: JobSamples.date(Double($0) / 100)).text }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == 1000)
    }

    @Test func versionVariantAndTimeAreInTheirPlaces() {
        let text = JobID(at: Date(timeIntervalSince1970: 1_645_557_742)).text
        #expect(text.hasPrefix("017f22e2-79b0-7"))
        #expect("89ab".contains(Array(text)[19]))
        #expect(JobID(text)?.text == text)
        #expect(JobID(text.uppercased())?.text == text)
    }

    @Test(arguments: [
        "", "x", "../../../../../../../../../etc/passwd..", "017f22e2-79b0-7cc3-98c4-dc0c0c07398\0",
        "017f22e279b07cc398c4dc0c0c07398f0000", "017f22e2-79b0-7cc3-98c4-dc0c0c07398/",
        String(repeating: "é", count: 18),
    ])
    func hostileTextIsNoID(text: String) { #expect(JobID(text) == nil) }

    @Test(arguments: [-1e300, 0, 1e300]) func anyDateMakesAnID(seconds: Double) {
        let id = JobID(at: Date(timeIntervalSince1970: seconds))
        #expect(JobID(id.text) == id)
    }
}
