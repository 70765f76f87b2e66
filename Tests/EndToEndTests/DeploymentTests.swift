import Foundation
import TestSupport
import Testing

/// What whoever runs a server does, and the files of `deploy/`, by the scripts in `Tests/Deploy`. A script whose tools are
/// missing says so and no more.
@Suite(.blocking) struct DeploymentTests {
    private static let isSoak = ProcessInfo.processInfo.environment["VITSCOPE_HTTP_SOAK"] != nil
    /// What a script ends with where the machine lacks what it needs.
    private static let isSkipped: Int32 = 77

    private func check(_ script: String, _ arguments: [String] = []) throws {
        let path = repository.appendingPathComponent("Tests/Deploy/\(script)").path
        let answer = try run("python3", [path, vitscope] + arguments)
        print("\(script): \(answer.text.split(separator: "\n").suffix(3).joined(separator: "; "))")
        if answer.status == Self.isSkipped { return }
        #expect(answer.status == 0, "\(answer.text)\n\(answer.errors)")
    }

    @Test func tokensHealthTracesRetentionAndMigration() throws { try check("operations.py") }

    @Test func proxyIsAsItsConfigurationSays() throws {
        try check("nginx.py", Self.isSoak ? ["--megabytes", "4096"] : [])
    }

    @Test func metricsAlertsAndDashboardFit() throws { try check("metrics.py") }

    @Test func manifestsHold() throws { try check("manifests.py") }

    @Test func pythonExampleRuns() throws { try check("ten_lines.py") }
}
