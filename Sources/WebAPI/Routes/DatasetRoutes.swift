import Catalogue
import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import Service

/// Labelled images, and frozen choices of them.
struct DatasetRoutes {
    let service: ViTScopeService

    var routes: [Route] { [list, images, probeSets, createProbeSet, probeSet] }

    private var list: Route {
        Route(
            Operation(
                method: .get, path: "/v1/datasets", id: "listDatasets", tag: "images",
                summary: "The datasets: folders in ImageFolder layout, and built-in ones",
                answers: [.json("All of them.", .ref("DatasetList"))], problems: [.notAcceptable, .invalid])
        ) { call in
            let datasets = try await service.datasets()
            return try call.json(
                .object([
                    .init("datasets", .list(datasets.map(\.payload))),
                    .init("links_left_out", .list(await service.linkedDatasets().map(JSONValue.string))),
                    .init("next_page_token", .null),
                ]))
        }
    }

    private var images: Route {
        Route(
            Operation(
                method: .get, path: "/v1/datasets/{name}/images", id: "listDatasetImages", tag: "images",
                summary: "The images of a dataset, in order",
                parameters: [
                    .path("name", "A dataset's name; that of a split is written `imagenette2%2Ftrain`."),
                    .query(
                        "check", "`true` decodes the page's files and tells `error` and `warnings` of each.",
                        schema: .oneOf(["true", "false"])),
                ] + OperationParameter.page(),
                answers: [.json("A page of images.", .ref("DatasetImageList"))],
                problems: [.notAcceptable, .invalid, .notFound, .conflict]), checksQuery: false
        ) { call in
            var query = call.query
            let checks = query.choice("check", of: ["true", "false"]) == "true"
            if !query.faults.isEmpty { throw ServiceError.invalid(query.faults) }
            let asked = try call.page()
            let page = try await service.datasetPage(
                call.name("name"), pageSize: asked.size, pageToken: asked.token, checks: checks)
            return try call.json(
                .object([
                    .init("images", .list(page.images.items.map(\.payload))),
                    .init("index_rule", .string(page.dataset.indexRule)),
                    .init("splits", .list(page.dataset.splits.map(JSONValue.string))),
                    .init("left_out", page.dataset.leftOutPayload),
                    .init("next_page_token", .text(page.images.nextPageToken)),
                ]))
        }
    }

    private var probeSets: Route {
        Route(
            Operation(
                method: .get, path: "/v1/probe-sets", id: "listProbeSets", tag: "images", summary: "The probe sets",
                answers: [.json("All of them.", .ref("ProbeSetList"))], problems: [.notAcceptable, .invalid])
        ) { call in
            let sets = await service.probeSets()
            return try call.json(
                .object([
                    .init("probe_sets", .list(sets.map(\.payload))), .init("next_page_token", .null),
                ]))
        }
    }

    private var createProbeSet: Route {
        Route(
            Operation(
                method: .post, path: "/v1/probe-sets", id: "createProbeSet", tag: "images",
                summary: "Freeze an ordered choice of a dataset's images",
                body: RequestContent(
                    types: ["application/json"], schema: .ref("ProbeSetRequest"), detail: "Which, and how many."),
                answers: [
                    .json("The same one was there already.", .ref("ProbeSet")),
                    Answer(
                        status: .created, detail: "It is frozen.", content: [("application/json", .ref("ProbeSet"))],
                        fields: [("Location", "The probe set.")]),
                ],
                problems: [.notAcceptable, .invalid, .notFound, .conflict, .busy, .diskFull])
        ) { call in
            try call.accept(["application/json"])
            let request = try await ProbeSetRequest(call, service)
            let (probeSet, isNew) = try await service.createProbeSet(request)
            return try call.json(
                probeSet.payload, status: isNew ? .created : .ok,
                headers: [.location: "/v1/probe-sets/\(PercentEncoding.encode(probeSet.name))"])
        }
    }

    private var probeSet: Route {
        Route(
            Operation(
                method: .get, path: "/v1/probe-sets/{name}", id: "getProbeSet", tag: "images", summary: "One probe set",
                parameters: [.path("name", "A probe set's name.", schema: .ref("Name"))],
                answers: [.json("The probe set.", .ref("ProbeSet"))], problems: [.notAcceptable, .invalid, .notFound])
        ) { call in
            return try call.json(try await service.probeSet(call.name("name")).payload)
        }
    }
}

extension ProbeSetRequest {
    /// What the body asks for.
    fileprivate init(_ call: Call, _ service: ViTScopeService) async throws {
        var body = try await Body(call, known: ["name", "dataset", "n_images", "seed", "stratified", "on_error"])
        let rule = body.text("on_error")
        if let rule, !ProbeSetRequest.onErrorChoices.contains(rule) {
            body.fault("on_error", "on_error is refuse, or skip to choose other images for those that cannot be read.")
        }
        self.init(
            name: body.requiredText("name"), dataset: body.requiredText("dataset"),
            numImages: body.integer("n_images", atLeast: 1) ?? 64, seed: body.integer("seed") ?? 0,
            stratified: body.flag("stratified") ?? true)
        setOnError(rule)
        guard !body.faults.isEmpty else { return }
        // What is wrong with a value's meaning is told together with what is wrong with its form, each place once.
        let known = Set(body.faults.map(\.pointer))
        throw ServiceError.invalid(
            body.faults + (await service.faults(of: self)).filter { !known.contains($0.pointer) })
    }
}

extension DatasetInfo {
    fileprivate var payload: JSONValue {
        .object([
            .init("name", .string(name)), .init("n_images", .int(numImages)),
            .init("classes", .list(classes.map(JSONValue.string))), .init("built_in", .bool(isBuiltIn)),
            .init("splits", .list(splits.map(JSONValue.string))), .init("left_out", leftOutPayload),
            .init("n_empty_classes", .int(emptyClasses.count)),
            .init("empty_classes", .list(emptyClasses.prefix(20).map(JSONValue.string))),
            .init("index_rule", .string(indexRule)), .init("error", .text(error)),
            .init(
                "links", .object([.init("images", .string("/v1/datasets/\(PercentEncoding.encode(name))/images"))])),
        ])
    }
}

extension DatasetInfo {
    fileprivate var leftOutPayload: JSONValue {
        .list(
            leftOut.map {
                .object([
                    .init("reason", .string($0.reason)), .init("kind", .string($0.kind)),
                    .init("n_files", .int($0.count)), .init("example", .string($0.example)),
                    .init("examples", .list($0.examples.map(JSONValue.string))),
                ])
            })
    }
}

extension DatasetImage {
    fileprivate var payload: JSONValue {
        var members: [JSONValue.Member] = [
            .init("ref", .string(ref)), .init("class", .string(className)), .init("file", .string(file)),
        ]
        if let warnings {
            members += [.init("error", .text(error)), .init("warnings", .list(warnings.map(JSONValue.string)))]
        }
        return .object(members)
    }
}

extension ProbeSet {
    fileprivate var payload: JSONValue {
        .object([
            .init("name", .string(name)), .init("dataset", .string(dataset)), .init("n_images", .int(images.count)),
            .init("seed", .int(seed)), .init("stratified", .bool(stratified)), .init("sha256", .string(sha256)),
            .init("images", .list(images.map(JSONValue.string))),
            .init("warnings", .list((warnings ?? []).map(JSONValue.string))),
            .init("skipped", .list((skipped ?? []).map(JSONValue.string))), .init("created_at", .time(createdAt)),
            .init("links", .object([.init("self", .string("/v1/probe-sets/\(PercentEncoding.encode(name))"))])),
        ])
    }
}
