import Catalogue
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Platform
import Service

/// Checkpoints from the client's disk.
struct UploadRoutes {
    let service: ViTScopeService

    var routes: [Route] { [add, list, upload, delete] }

    private var add: Route {
        Route(
            Operation(
                method: .post, path: "/v1/uploads", id: "uploadCheckpoint", tag: "models",
                summary: "Keep a checkpoint's bytes, to be registered as upload:SHA256",
                parameters: [
                    OperationParameter(
                        name: "Content-Digest", place: .header, schema: .string,
                        detail: "sha-256=:BASE64:, to have what arrives compared with what was sent.")
                ],
                body: RequestContent(
                    types: ["application/octet-stream"], schema: .bytes, detail: "The file's bytes."),
                answers: [
                    UploadRoutes.answer("It was there already.", .ok), UploadRoutes.answer("It is kept.", .created),
                ],
                problems: [.notAcceptable, .invalid, .diskFull, .busy]),
            bodyLimit: service.configuration.limits.uploadBytes
        ) { call in
            try call.accept(["application/json"])
            try call.checkBytes([])
            let headers = call.request.headers
            let writer = try await service.beginUpload(
                declaredBytes: headers[.contentLength].flatMap { Int($0) },
                sha256: try ContentDigest.sha256(headers[values: .contentDigest]))
            do {
                var received = 0
                for try await buffer in call.request.body {
                    received += buffer.readableBytes
                    try await writer.append(Array(buffer.readableBytesView))
                }
                try call.checkComplete(received)
                let upload = try await writer.finish()
                return try call.json(
                    upload.payload, status: upload.isNew ? .created : .ok, headers: [.location: upload.path])
            } catch {
                writer.abort()
                throw error
            }
        }
    }

    private var list: Route {
        Route(
            Operation(
                method: .get, path: "/v1/uploads", id: "listUploads", tag: "models", summary: "The uploads by digest",
                parameters: OperationParameter.page(), answers: [.json("A page of uploads.", .ref("UploadList"))],
                problems: [.notAcceptable, .invalid])
        ) { call in
            let asked = try call.page()
            let page = try await service.allUploads(pageSize: asked.size, pageToken: asked.token)
            return try call.json(
                .object([
                    .init("uploads", .list(page.items.map(\.payload))),
                    .init("next_page_token", .text(page.nextPageToken)),
                ]))
        }
    }

    private var upload: Route {
        Route(
            Operation(
                method: .get, path: "/v1/uploads/{sha256}", id: "getUpload", tag: "models",
                summary: "Whether these bytes are here already", parameters: [.digest],
                answers: [UploadRoutes.answer("They are.", .ok)], problems: [.notAcceptable, .invalid, .notFound])
        ) { call in
            return try call.json(try await service.upload(call.name("sha256")).payload)
        }
    }

    private var delete: Route {
        Route(
            Operation(
                method: .delete, path: "/v1/uploads/{sha256}", id: "deleteUpload", tag: "models",
                summary: "Remove an upload that no model is made of", parameters: [.digest],
                answers: [.empty("It is gone.", status: .noContent)], problems: [.invalid, .notFound, .conflict])
        ) { call in
            try await service.deleteUpload(call.name("sha256"))
            return Response(status: .noContent)
        }
    }

    private static func answer(_ detail: String, _ status: HTTPResponse.Status) -> Answer {
        .json(detail, .ref("Upload"), status: status)
    }
}

extension Upload {
    fileprivate var path: String { "/v1/uploads/\(sha256)" }

    fileprivate var payload: JSONValue {
        .object([
            .init("sha256", .string(sha256)), .init("size_bytes", .int(sizeBytes)),
            .init("path", .string("upload:\(sha256)")),
            .init("links", .object([.init("self", .string(path)), .init("models", .string("/v1/models"))])),
        ])
    }
}

extension OperationParameter {
    fileprivate static let digest = OperationParameter.path("sha256", "64 hexadecimal digits.", schema: .digest)
}

extension HTTPField.Name {
    fileprivate static let contentDigest = HTTPField.Name("Content-Digest")!
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
