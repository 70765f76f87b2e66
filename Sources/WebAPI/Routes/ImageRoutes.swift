import Catalogue
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Platform
import Service

/// Images: sent in, and looked at.
struct ImageRoutes {
    let service: ViTScopeService

    var routes: [Route] { [add, image] }

    private var add: Route {
        Route(
            Operation(
                method: .post, path: "/v1/images", id: "addImage", tag: "images", summary: "Add an image",
                body: RequestContent(
                    types: StoredImage.mediaTypes + ["application/octet-stream"], schema: .bytes,
                    detail: "The bytes of an image: \(StoredImage.formats)."),
                answers: [
                    .json("It is known already.", .ref("Image")),
                    Answer(
                        status: .created, detail: "It is kept.", content: [("application/json", .ref("Image"))],
                        fields: [("Location", "The image.")]),
                ],
                problems: [.notAcceptable, .invalid, .diskFull, .busy]),
            bodyLimit: service.configuration.limits.imageBytes
        ) { call in
            try call.accept(["application/json"])
            try call.checkBytes(StoredImage.mediaTypes)
            let body = try await call.body(upTo: service.configuration.limits.imageBytes)
            try call.checkComplete(body.readableBytes)
            let image = try await service.addImage(Array(body.readableBytesView))
            let path = "/v1/images/\(image.id)"
            return try call.json(
                .object([
                    .init("id", .string(image.id)), .init("width", .int(image.width)),
                    .init("height", .int(image.height)),
                    .init("warnings", .list(image.warnings.map(JSONValue.string))),
                    .init(
                        "links",
                        .object([.init("self", .string(path)), .init("model_view", .string(path + "?view=model"))])),
                ]), status: image.isNew ? .created : .ok, headers: [.location: path])
        }
    }

    private var image: Route {
        Route(
            Operation(
                method: .get, path: "/v1/images/{id}", id: "getImage", tag: "images",
                summary: "An image as it came, or exactly the pixels that a model sees",
                parameters: [
                    .path("id", "`sha256:…` or `DATASET:INDEX`.", schema: .ref("ImageRef")),
                    .query(
                        "view", "`original`, or `model`: resized and cropped; `model` where size or model is given.",
                        schema: .oneOf(["original", "model"])),
                    .query("model", "Whose transform; without it the usual one.", schema: .ref("Name")),
                    .query(
                        "size", "Input side, pixels; without it the model's own.",
                        schema: .integer(atLeast: 16, atMost: 4096)),
                ],
                answers: [.bytes("The image.", StoredImage.mediaTypes), .notModified],
                problems: [.notAcceptable, .invalid, .notFound, .conflict, .busy, .unavailable, .unsupportedMedia]),
            checksQuery: false
        ) { call in
            var query = call.query
            let size = query.integer("size", atLeast: 16, atMost: 4096)
            let model = query.text("model")
            let view = query.choice("view", of: ["original", "model"])
            if view == "original", size != nil || model != nil {
                query.fault(
                    size != nil ? "size" : "model", "The original has its own size: leave this out, or say view=model.")
            }
            if !query.faults.isEmpty { throw ServiceError.invalid(query.faults) }
            let ref = call.name("id")
            let isOriginal = view == "original" || (view == nil && size == nil && model == nil)
            let file =
                isOriginal
                ? try await service.originalImage(ref) : try await service.modelView(ref, model: model, size: size)
            try call.accept([file.mediaType])
            return ImageRoutes.answer(file, ref: ref, isOriginal: isOriginal, to: call)
        }
    }

    private static func answer(_ file: EncodedFile, ref: String, isOriginal: Bool, to call: Call) -> Response {
        let tag = "\"\(SHA256.hex(of: file.bytes))\""
        // Named by its digest the original never changes; a dataset's folder or a model's transform may.
        let isFixed = isOriginal && ref.hasPrefix("sha256:")
        var headers: HTTPFields = [
            .eTag: tag, .cacheControl: isFixed ? "private, max-age=31536000, immutable" : "private, no-cache",
        ]
        if EntityTag.matches(tag, ifNoneMatch: call.request.headers[values: .ifNoneMatch]) {
            return Response(status: .notModified, headers: headers)
        }
        if isOriginal {
            // Somebody else's bytes: to be saved or shown inside a page, never opened as one.
            let name = ref.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }.prefix(100)
            headers[.contentDisposition] = "attachment; filename=\"\(name)\(file.ending)\""
        }
        return call.bytes(file.bytes, type: file.mediaType, headers: headers)
    }
}
