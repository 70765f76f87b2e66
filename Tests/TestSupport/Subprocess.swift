public import Foundation

/// What a program answered.
public struct Answer: Sendable {
    public let status: Int32
    public let output: Data
    public let errors: String

    public var text: String { String(decoding: output, as: UTF8.self) }
}

/// Runs a program to its end and hands back what it said. Output goes through files, so that no pipe can fill up.
public func run(
    _ program: String, _ arguments: [String], directory: String? = nil, environment: [String: String] = [:]
) throws -> Answer {
    let folder = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program.hasPrefix("/") ? program : "/usr/bin/env")
    process.arguments = program.hasPrefix("/") ? arguments : [program] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
    let (output, errors) = (folder.path + "/out", folder.path + "/err")
    for path in [output, errors] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return Answer(
        status: process.terminationStatus, output: FileManager.default.contents(atPath: output) ?? Data(),
        errors: String(decoding: FileManager.default.contents(atPath: errors) ?? Data(), as: UTF8.self))
}

/// The program under test, built beside the tests.
public var vitscope: String {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("vitscope").path
}
