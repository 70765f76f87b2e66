public import Foundation
import Glibc

/// A ViTScope server of our own on a free loopback port; it ends with its owner.
public final class Server: @unchecked Sendable {
    public let url: String
    public let data: String
    public let process: Process
    private let folder: TemporaryFolder?

    /// - Parameters:
    ///   - arguments: besides `serve`, the port and the directories.
    ///   - data: an existing data directory, or nil for a new one.
    ///   - openFiles: how many files and sockets the process may have open; nil for what these tests may.
    public init(
        _ arguments: [String] = [], data: String? = nil, port: Int = 0, models: String? = nil,
        environment: [String: String] = [:], openFiles: Int? = nil
    ) throws {
        folder = data == nil ? try TemporaryFolder() : nil
        self.data = data ?? (folder?.path ?? "") + "/data"
        process = Process()
        process.executableURL = URL(fileURLWithPath: vitscope)
        process.currentDirectoryURL = repository
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.arguments =
            ["serve", "--port", "\(port)", "--data", self.data] + (models.map { ["--models", $0] } ?? []) + arguments
        if let openFiles, let arguments = process.arguments {
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "ulimit -n \(openFiles) && exec \"$0\" \"$@\"", vitscope] + arguments
        }
        let pipe = Pipe()
        process.standardOutput = pipe
        let log = self.data + ".log"
        // A server that was killed has said something already.
        if !FileManager.default.fileExists(atPath: log) {
            _ = FileManager.default.createFile(atPath: log, contents: nil)
        }
        let logFile = FileHandle(forWritingAtPath: log)
        logFile?.seekToEndOfFile()
        process.standardError = logFile
        try process.run()
        var line = Data()
        while !line.contains(UInt8(ascii: "\n")) {
            let more = pipe.fileHandleForReading.availableData
            guard !more.isEmpty else {
                let said = FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
                throw ServerDidNotStart(said: said)
            }
            line += more
        }
        let text = String(decoding: line, as: UTF8.self)
        url = text.replacingOccurrences(of: "listening on ", with: "").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    deinit { if process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) } }

    /// What the server logged so far.
    public var log: String {
        FileManager.default.contents(atPath: data + ".log").map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Ends the process as a power cut would.
    public func kill() {
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Sends SIGTERM, waits, and hands back the exit code.
    public func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Asks with curl, as users do.
    public func curl(_ path: String, _ options: [String] = []) throws -> Reply {
        let folder = try TemporaryFolder()
        let answer = try run(
            "curl",
            ["-sS", "-o", folder.path + "/body", "-D", folder.path + "/head", "-w", "%{http_code}"] + options
                + [path.hasPrefix("http") ? path : url + path])
        guard answer.status == 0 else { throw CurlFailed(status: answer.status, said: answer.errors) }
        let head = FileManager.default.contents(atPath: folder.path + "/head") ?? Data()
        return Reply(
            status: Int(answer.text) ?? 0, head: String(decoding: head, as: UTF8.self),
            body: FileManager.default.contents(atPath: folder.path + "/body") ?? Data())
    }

    /// Posts `json` and hands back the reply.
    public func post(_ path: String, json: String) throws -> Reply {
        try curl(path, ["-H", "Content-Type: application/json", "-d", json])
    }
}

extension Server {
    /// Registers a checkpoint, waits until it is loaded or refused, and hands back the model.
    ///
    /// - Parameter options: further members of the request, a JSON object.
    public func load(_ name: String, path: String, _ options: Any? = nil) throws -> [String: Any] {
        var body = options as? [String: Any] ?? [:]
        body["name"] = name
        body["path"] = path
        let json = String(decoding: try JSONSerialization.data(withJSONObject: body), as: UTF8.self)
        let reply = try curl(
            "/v1/models", ["-H", "Content-Type: application/json", "-H", "Prefer: wait=30", "-d", json])
        return reply.json
    }
}

/// The server ended before it listened.
public struct ServerDidNotStart: Error {
    public let said: String
}

/// curl could not talk to the server.
public struct CurlFailed: Error {
    public let status: Int32
    public let said: String
}

/// One HTTP answer.
public struct Reply: Sendable {
    public let status: Int
    public let head: String
    public let body: Data

    /// The body as a JSON object.
    public var json: [String: Any] { (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] ?? [:] }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of a header, without regard to case.
    public func header(_ name: String) -> String? {
        for line in head.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == name.lowercased() {
                return parts[1].trimmingCharacters(in: .whitespaces)
            }
        }
        return nil
    }
}
