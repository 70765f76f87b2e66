import Foundation
import FoundationNetworking
import Platform

/// A checkpoint on its way from a server to a file.
struct CheckpointReceiver {
    let client: JobsClient
    let url: URL

    /// Writes a neighbour of `path` and puts it in its place when all of it is there.
    ///
    /// - Throws: `Failure`.
    func save(to path: String) async throws {
        let part = "\(path).\(ProcessInfo.processInfo.processIdentifier).part"
        guard FileManager.default.createFile(atPath: part, contents: nil),
            let file = FileHandle(forWritingAtPath: part)
        else { throw Failure("cannot write \(part)", .failure) }
        defer { try? FileManager.default.removeItem(atPath: part) }
        do { try await receive(into: file) } catch let error as URLError {
            try Task.checkCancellation()
            throw client.unreachable(error)
        }
        do {
            try file.synchronize()
            try file.close()
            if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
            try FileManager.default.moveItem(atPath: part, toPath: path)
        } catch { throw Failure("cannot write \(path): \(error.localizedDescription)", .failure) }
    }

    private func receive(into file: FileHandle) async throws {
        var head: HTTPHead?
        var refusal = Data(), size = 0
        for try await part in client.begin("GET", url).parts {
            switch part {
            case .head(let received): head = received
            case .body(let data):
                if head?.status == 200 {
                    do { try file.write(contentsOf: data) } catch {
                        throw Failure("cannot write the checkpoint: \(error.localizedDescription)", .failure)
                    }
                    size += data.count
                } else if refusal.count < 1 << 20 {
                    refusal += data
                }
            }
        }
        try Task.checkCancellation()
        guard let head else { throw URLError(.networkConnectionLost) }
        guard head.status == 200 else { throw ServerProblem.failure(head.status, refusal) }
        guard head["Content-Length"].flatMap(Int.init) ?? size == size else { throw URLError(.networkConnectionLost) }
    }
}
