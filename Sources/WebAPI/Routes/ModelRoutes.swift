import Catalogue
import HTTPTypes
import Hummingbird
import JSON
import Platform
import Service

/// The catalogue of models.
struct ModelRoutes {
    /// How long a registration waits for its model before it answers 202, seconds, unless `Prefer: wait=N` says.
    private static let usualWait = 4.0
    private static let longestWait = 60.0

    let service: ViTScopeService

    var routes: [Route] { [list, options, register, model, loadReport, delete] }

    private var list: Route {
        Route(
            Operation(
                method: .get, path: "/v1/models", id: "listModels", tag: "models", summary: "The models by name",
                parameters: OperationParameter.page(), answers: [.json("A page of models.", .ref("ModelList"))],
                problems: [.notAcceptable, .invalid])
        ) { call in
            let asked = try call.page()
            let page = try await service.models(pageSize: asked.size, pageToken: asked.token)
            return try call.json(
                .object([
                    .init("models", .list(page.items.map { $0.payload(service.configuration.kinds) })),
                    .init("next_page_token", .text(page.nextPageToken)),
                ]))
        }
    }

    private var options: Route {
        Route(
            Operation(
                method: .get, path: "/v1/model-options", id: "listModelOptions", tag: "models",
                summary: "What may be said about loading a checkpoint",
                answers: [.json("The options.", .ref("ModelOptionList"))], problems: [.notAcceptable, .invalid])
        ) { call in
            return try call.json(.object([.init("options", .list(LoadOption.all.map(\.payload)))]))
        }
    }

    private var register: Route {
        Route(
            Operation(
                method: .post, path: "/v1/models", id: "registerModel", tag: "models",
                summary: "Load a checkpoint under a name",
                parameters: [
                    OperationParameter(
                        name: "Prefer", place: .header, schema: .string,
                        detail: "wait=N: seconds to wait for the load before answering 202; 4 without, 60 at the most.")
                ],
                body: RequestContent(
                    types: ["application/json"], schema: .ref("ModelRegistration"),
                    detail: "`path` is a file or Hugging Face folder in the models directory, or `upload:SHA256`."),
                answers: [
                    Answer(
                        status: .created, detail: "It is loaded.", content: [("application/json", .ref("Model"))],
                        fields: [("Location", "The model.")]),
                    Answer(
                        status: .accepted, detail: "It is loading: ask again where Location says.",
                        content: [("application/json", .ref("Model"))],
                        fields: [("Location", "The model."), ("Retry-After", "Seconds.")]),
                ],
                problems: [.notAcceptable, .invalid, .notFound, .conflict, .busy, .diskFull])
        ) { call in
            try call.accept(["application/json"])
            let registration = try await ModelRegistration(call)
            let model = try await service.register(
                registration, waiting: call.wait(usual: ModelRoutes.usualWait, most: ModelRoutes.longestWait))
            if model.state == .failed, let error = model.error {
                throw ServiceError.invalid([.init(pointer: model.errorPointer ?? "/path", detail: error)])
            }
            var headers: HTTPFields = [.location: "/v1/models/\(PercentEncoding.encode(model.name))"]
            if model.state == .loading { headers[.retryAfter] = "1" }
            return try call.json(
                model.payload(service.configuration.kinds), status: model.state == .loading ? .accepted : .created,
                headers: headers)
        }
    }

    private var model: Route {
        Route(
            Operation(
                method: .get, path: "/v1/models/{name}", id: "getModel", tag: "models", summary: "One model",
                parameters: [.modelName], answers: [.json("The model.", .ref("Model"))],
                problems: [.notAcceptable, .invalid, .notFound])
        ) { call in
            return try call.json(try await service.model(call.name("name")).payload(service.configuration.kinds))
        }
    }

    private var loadReport: Route {
        Route(
            Operation(
                method: .get, path: "/v1/models/{name}/load-report", id: "getLoadReport", tag: "models",
                summary: "What became of the checkpoint's tensors", parameters: [.modelName],
                answers: [.json("The report.", .ref("LoadReport"))],
                problems: [.notAcceptable, .invalid, .notFound, .conflict])
        ) { call in
            return try call.json(try await service.loadReport(call.name("name")))
        }
    }

    private var delete: Route {
        Route(
            Operation(
                method: .delete, path: "/v1/models/{name}", id: "deleteModel", tag: "models",
                summary: "Forget a model and give its memory back", parameters: [.modelName],
                answers: [.empty("It is gone.", status: .noContent)],
                problems: [.invalid, .notFound, .conflict, .diskFull])
        ) { call in
            try await service.deleteModel(call.name("name"))
            return Response(status: .noContent)
        }
    }
}

extension ModelRegistration {
    /// What the body of a registration says.
    fileprivate init(_ call: Call) async throws {
        var body = try await Body(call, known: ["name", "path"] + LoadOption.members)
        self.init(
            name: body.requiredText("name"), path: body.requiredText("path"), options: body.loadOptions())
        // What is wrong with a value's meaning is told together with what is wrong with its form, each place once.
        let known = Set(body.faults.map(\.pointer))
        let all = body.faults + faults.filter { !known.contains($0.pointer) }
        if !all.isEmpty { throw ServiceError.invalid(all) }
    }
}

extension LoadOption {
    /// The members of a registration that hold options.
    fileprivate static var members: [String] {
        Group.allCases.flatMap { $0.isNested ? [$0.rawValue] : names(of: $0) }
    }

    fileprivate static func names(of group: Group) -> [String] {
        all.filter { $0.group == group }.map(\.name)
    }
}

extension Body {
    /// The options for loading a model, right or wrong.
    fileprivate mutating func loadOptions() -> LoadOptions {
        var options = LoadOptions()
        func take(_ body: Body, _ group: LoadOption.Group) {
            for option in LoadOption.all where option.group == group { options[option] = body[option.name] }
        }
        for group in LoadOption.Group.allCases {
            guard group.isNested else {
                take(self, group)
                continue
            }
            _ = object(group.rawValue, known: LoadOption.names(of: group)) { take($0, group) }
        }
        return options
    }
}

extension OperationParameter {
    static let modelName = OperationParameter.path(
        "name", "A model's name, or a checkpoint of a job: `job:ID@STEP`, `job:ID@latest`.", schema: .ref("ModelName"))

    /// Which part of a list.
    ///
    /// - Parameter token: what the tokens of this list look like; an empty one is none.
    static func page(token: String = "o[0-9]{1,9}") -> [OperationParameter] {
        [
            .query("page_size", "Items at the most.", schema: .integer(atLeast: 1, atMost: ServiceLimits().pageSize)),
            .query("page_token", "`next_page_token` of the page before.", schema: .string(pattern: "^(\(token))?$")),
        ]
    }
}
