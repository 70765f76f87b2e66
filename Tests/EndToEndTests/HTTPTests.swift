import Foundation
import TestSupport
import Testing

/// The server against clients that mean harm or break off, by the scripts in `Tests/HTTP`. `VITSCOPE_HTTP_SOAK` makes them
/// longer, and lets them judge times; `make soak` sets it.
@Suite(.blocking) struct HTTPTests {
    private static let isSoak = ProcessInfo.processInfo.environment["VITSCOPE_HTTP_SOAK"] != nil
    /// What a script ends with where the machine lacks what it needs.
    private static let isSkipped: Int32 = 77

    private func check(_ script: String, _ arguments: [String]) throws {
        let path = repository.appendingPathComponent("Tests/HTTP/\(script)").path
        let answer = try run("python3", [path] + arguments)
        print("\(script): \(answer.text.split(separator: "\n").suffix(6).joined(separator: "; "))")
        if answer.status == Self.isSkipped { return }
        #expect(answer.status == 0, "\(answer.text)\n\(answer.errors)")
    }

    @Test func noRequestIsSmuggled() throws {
        let server = try Server()
        try check("framing.py", [server.url, "--log", server.data + ".log"])
        #expect(server.stop() == 143)
    }

    @Test func slowClientsKeepNobodyOut() throws {
        let server = try Server(["--demo"])
        let pid = "\(server.process.processIdentifier)"
        try check(
            "slow_clients.py",
            [server.url, "--pid", pid]
                + (Self.isSoak
                    ? ["--clients", "2700", "--seconds", "120", "--patience", "1.2", "--judge-times"]
                    : ["--clients", "300", "--seconds", "25"]))
        #expect(server.stop() == 143)
    }

    @Test func floodsAreOutlived() throws {
        try check("flood.py", [vitscope] + (Self.isSoak ? ["--starts", "40"] : ["--starts", "2", "--resets", "5000"]))
    }

    @Test func promisesAboutBodiesKeysAndTheEndAreKept() throws {
        try check(
            "promises.py",
            [vitscope] + (Self.isSoak ? ["--chunks", "1000000", "--rounds", "10", "--posts", "1000"] : []))
    }

    @Test func nobodyGetsWhereTheyMayNot() throws {
        try check("access.py", [vitscope] + (Self.isSoak ? ["--everything"] : []))
    }

    @Test func nothingLeavesTheMachine() throws { try check("egress.py", [vitscope]) }

    /// Where PyPI is out of reach, this says so and no more.
    @Test func answersAreAsTheDocumentSays() throws {
        let folder = URL(fileURLWithPath: vitscope).deletingLastPathComponent().deletingLastPathComponent()
        let environment = folder.appendingPathComponent("schemathesis").path
        try check(
            "fuzz_openapi.py",
            [vitscope, "--venv", environment] + (Self.isSoak ? ["--examples", "40", "--cases", "10000"] : []))
    }
}
