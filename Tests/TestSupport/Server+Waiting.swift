import Foundation
public import Testing

extension Server {
    /// The first thing that `body` finds; asked again until it does, five minutes at the most, because a machine may be
    /// busy. Between two looks something is asked of the server.
    ///
    /// For tests that block, whose suspensions would wait for other tests to end.
    public func found<R>(
        _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> R?
    ) throws -> R {
        let end = ContinuousClock.now + .seconds(300)
        while ContinuousClock.now < end {
            if let found = try body() { return found }
            _ = try? curl("/livez")
        }
        Issue.record("nothing came of it: \(what)", sourceLocation: sourceLocation)
        throw CancellationError()
    }

    /// The answers to many questions at one time, by their paths.
    ///
    /// - Parameter meanwhile: called when the first answers have come.
    public func curlMany(_ paths: [String], meanwhile: () throws -> Void) throws -> [String: Reply] {
        let folder = try TemporaryFolder()
        let lines = paths.enumerated().map { number, path in
            """
            url = "\(url)\(path)"
            output = "\(folder.path)/\(number).body"
            """
        }
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: folder.path + "/questions"))
        let curl = Process(), output = Pipe()
        curl.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        curl.arguments = [
            "-sS", "-Z", "--parallel-immediate", "--parallel-max", "\(paths.count)", "-K", folder.path + "/questions",
            "-w",
            "%{http_code} content-type:%{content_type} retry-after:%header{retry-after} %{url_effective}\\n",
        ]
        curl.standardOutput = output
        try curl.run()
        try meanwhile()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        curl.waitUntilExit()
        var replies: [String: Reply] = [:]
        for line in said.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let status = words.first.flatMap({ Int($0) }), let asked = words.last, asked.hasPrefix(url),
                let number = paths.firstIndex(of: String(asked.dropFirst(url.count)))
            else { continue }
            replies[paths[number]] = Reply(
                status: status, head: words[1..<(words.count - 1)].joined(separator: "\n"),
                body: FileManager.default.contents(atPath: folder.path + "/\(number).body") ?? Data())
        }
        return replies
    }
}
