import Hummingbird
import JSON
import Runs
import Service

/// What a training job may say, for forms and programs.
struct TrainingSettingsRoutes {
    static let path = "/v1/training-settings"

    var routes: [Route] {
        [
            Route(
                Operation(
                    method: .get, path: Self.path, id: "trainingSettings", tag: "jobs",
                    summary: "The methods there are, with their defaults, and every setting of a training job",
                    answers: [.json("Methods and settings.", .ref("TrainingSettings"))],
                    problems: [.notAcceptable, .invalid])
            ) { call in
                return try call.json(TrainingSettings.description)
            }
        ]
    }
}
