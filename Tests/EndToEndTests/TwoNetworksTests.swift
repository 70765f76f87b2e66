import Foundation
import TestSupport
import Testing

/// A file with two networks that are equal in everything but their prefix.
@Suite(.blocking) struct TwoNetworksTests {
    @Test func twentyProcessesSayTheSame() throws {
        let file = fixture("models/files/two_networks.pth")
        let plain = "/usr/bin/env"
        let first = try run(
            plain, ["-u", "SWIFT_DETERMINISTIC_HASHING", vitscope, "inspect", file, "--num-heads", "3", "--json"])
        #expect(first.status == 0, "\(first.errors)")
        let report = try #require(try JSONSerialization.jsonObject(with: first.output) as? [String: Any])
        #expect(report["prefix_removed"] as? String == "teacher_backbone.")
        #expect(report["others"] as? [String] == ["state_dict.student_backbone"])
        for _ in 1..<20 {
            let again = try run(
                plain, ["-u", "SWIFT_DETERMINISTIC_HASHING", vitscope, "inspect", file, "--num-heads", "3", "--json"])
            #expect(again.output == first.output)
        }
    }

    @Test func theTextSaysWhichWasTaken() throws {
        let file = fixture("models/files/two_networks.pth")
        let answer = try run(vitscope, ["inspect", file, "--num-heads", "3"])
        #expect(answer.text.contains("Of 2 networks in the file state_dict.teacher_backbone is taken"))
        let student = try run(
            vitscope,
            ["inspect", file, "--num-heads", "3", "--checkpoint-key", "state_dict.student_backbone", "--json"])
        let report = try #require(try JSONSerialization.jsonObject(with: student.output) as? [String: Any])
        #expect(report["prefix_removed"] as? String == "student_backbone.")
    }
}
