import HTTPTypes
import Hummingbird
import NIOCore
import Service

/// Checkpoints from the client's disk.
struct UploadRoutes {
    let service: ViTScopeService

    var routes: [Route] { [upload] }

    private var upload: Route {
        Route(
            Operation(
                method: .post, path: "/v1/uploads", id: "uploadCheckpoint", tag: "models",
                summary: "Keep a checkpoint's bytes, to be registered as upload:SHA256",
                body: RequestContent(
                    types: ["application/octet-stream"], schema: .any, detail: "The file's bytes."),
                answers: [
                    .json("It is kept.", .ref("Upload"), status: .created)
                ],
                problems: [.notAcceptable, .invalid, .diskFull, .busy]),
            bodyLimit: service.configuration.limits.uploadBytes
        ) { call in
            try call.checkQuery()
            try call.accept(["application/json"])
            try call.checkBytes([])
            let declared = call.request.headers[.contentLength].flatMap { Int($0) }
            let writer = try await service.beginUpload(declaredBytes: declared)
            do {
                var received = 0
                for try await buffer in call.request.body {
                    received += buffer.readableBytes
                    try await writer.append(Array(buffer.readableBytesView))
                }
                try call.checkComplete(received)
                let upload = try await writer.finish()
                return try call.json(
                    .object([
                        .init("sha256", .string(upload.sha256)), .init("size_bytes", .int(upload.sizeBytes)),
                        .init("path", .string("upload:\(upload.sha256)")),
                        .init("links", .object([.init("models", .string("/v1/models"))])),
                    ]), status: .created)
            } catch {
                writer.abort()
                throw error
            }
        }
    }
}

extension Call {
    /// Refuses a body of another kind than the given ones.
    func checkBytes(_ types: [String]) throws {
        let headers = request.headers
        if headers[.contentLength] == "0" { throw Call.emptyBody }
        try ContentKinds.checkBytes(
            headers[values: .contentType], types: types,
            isProgram: !headers.contains(.origin) && !headers.contains(.secFetchSite))
    }

    private static var emptyBody: Problem {
        Problem(.unreadable, "The body is empty: send the file's bytes, for example with curl --data-binary @FILE.")
    }

    /// Refuses a body without a byte, and one that ended before its time: a stream that is cancelled looks like one that is complete.
    func checkComplete(_ received: Int) throws {
        try Task.checkCancellation()
        if let declared = request.headers[.contentLength].flatMap({ Int($0) }), declared != received {
            throw BodyFailure.malformed
        }
        if received == 0 { throw Call.emptyBody }
    }
}
