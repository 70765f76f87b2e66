import Catalogue
import Engine
import JSON
import Service

/// The named schemas of the document.
enum Schemas {
    static var all: [(name: String, schema: Schema)] {
        [
            ("Problem", problem), ("Name", .string(pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")),
            (
                "ModelName",
                .string(pattern: "^([A-Za-z0-9][A-Za-z0-9._-]{0,127}|job:[0-9a-f-]{36}@([0-9]{1,18}|latest))$")
            ),
            ("SignIn", .closed([("token", .string)], required: ["token"])),
            (
                "ImageRef",
                .string(pattern: #"^(sha256:[0-9a-f]{64}|[^\x00-\x1F\x7F]{1,255}:[0-9]{1,12})$"#)
                    .example(.string("shapes-textures:0"))
            ), ("Server", server), ("Config", config),
            ("Preprocess", preprocess), ("Model", model), ("ModelList", list("models", of: .ref("Model"))),
            ("ModelRegistration", registration), ("ModelOptionList", modelOptions), ("LoadReport", loadReport),
            (
                "Upload",
                .object([
                    ("sha256", sha256), ("size_bytes", .integer(atLeast: 0)), ("path", .string), ("links", links),
                ])
            ),
            ("UploadList", list("uploads", of: .ref("Upload"))),
            (
                "Image",
                .object([
                    ("id", .string), ("width", .integer(atLeast: 1)), ("height", .integer(atLeast: 1)),
                    ("warnings", .array(.string)), ("links", links),
                ])
            ),
            ("Dataset", dataset), ("LeftOut", leftOut),
            (
                "DatasetList",
                .object([
                    ("datasets", .array(.ref("Dataset"))), ("links_left_out", .array(.string)),
                    ("next_page_token", .optional(.string)),
                ])
            ),
            ("DatasetImageList", datasetImages),
            ("ProbeSet", probeSet), ("ProbeSetList", list("probe_sets", of: .ref("ProbeSet"))),
            ("ProbeSetRequest", probeSetRequest), ("AnalysisResult", analysis),
            ("AnalysisKinds", analysisKinds),
        ] + JobSchemas.all
    }

    private static let sha256 = Schema.digest
    private static let links = Schema([("type", .string("object")), ("additionalProperties", Schema.string.value)])
    private static let pair = Schema.array(.integer)

    private static func list(_ name: String, of item: Schema) -> Schema {
        .object([(name, .array(item)), ("next_page_token", .optional(.string))])
    }

    private static var problem: Schema {
        .object(
            [
                ("type", .string), ("title", .string), ("status", .integer), ("detail", .string),
                ("request_id", .string),
                ("errors", .array(.object([("pointer", .string), ("detail", .string)]))),
            ], required: ["type", "title", "status", "detail", "request_id"])
    }

    private static var server: Schema {
        .object([
            ("name", .string), ("version", .string), ("revision", .string),
            (
                "cpu",
                .object([("model", .string), ("cores", .integer), ("threads", .integer), ("instruction_set", .string)])
            ),
            ("libraries", Schema([("type", .string("object")), ("additionalProperties", Schema.string.value)])),
            ("limits", Schema([("type", .string("object")), ("additionalProperties", Schema.integer.value)])),
            ("warnings", .array(.string)),
            ("links", links),
        ])
    }

    private static var config: Schema {
        .object([
            ("img_size", pair), ("patch_size", .integer), ("in_chans", .integer), ("embed_dim", .integer),
            ("depth", .integer), ("num_heads", .integer), ("mlp_ratio", .number), ("mlp_hidden", .integer),
            ("num_prefix_tokens", .integer), ("grid", pair), ("patch_embed", .string), ("qkv_bias", .boolean),
            ("class_token", .boolean), ("dist_token", .boolean), ("num_registers", .integer), ("layer_scale", .boolean),
            ("pos_embed", .string), ("rel_pos", .string), ("mlp", .string), ("eps", .number), ("global_pool", .string),
            ("num_classes", .integer),
        ])
    }

    private static var preprocess: Schema {
        .object([
            ("crop_pct", .number), ("crop_mode", LoadOption.cropMode.schema),
            ("interpolation", LoadOption.interpolation.schema), ("mean", .array(.number)), ("std", .array(.number)),
        ])
    }

    private static var model: Schema {
        .object([
            ("name", .ref("ModelName")), ("state", .oneOf(ModelState.allCases.map(\.rawValue))),
            ("sha256", .optional(sha256)),
            ("path", .string), ("arch", .optional(.string)), ("recognised_as", .optional(.string)),
            ("format", .optional(.string)), ("parameters", .optional(.integer)), ("memory_bytes", .integer(atLeast: 0)),
            ("precision", .string), ("config", .optional(.ref("Config"))),
            ("preprocess", .optional(.ref("Preprocess"))),
            ("error", .optional(.string)), ("created_at", .time), ("links", links),
        ])
    }

    private static var registration: Schema {
        func options(_ group: LoadOption.Group) -> [(String, Schema)] {
            LoadOption.all.filter { $0.group == group }.map { ($0.name, .optional($0.schema)) }
        }
        // No part of the path is `.` or `..`, and none is empty.
        let part = #"\.?[^\x00-\x1F\x7F/.][^\x00-\x1F\x7F/]*"#
        return .closed(
            [("name", .ref("Name")), ("path", .string(pattern: "^\(part)(/\(part))*$"))]
                + LoadOption.Group.allCases.flatMap { group in
                    group.isNested
                        ? [(group.rawValue, .optional(.closed(options(group), required: [])))] : options(group)
                }, required: ["name", "path"])
    }

    private static var modelOptions: Schema {
        let option = Schema.object(
            [
                ("name", .string), ("group", .oneOf(LoadOption.Group.allCases.map(\.rawValue))), ("title", .string),
                ("words", .string), ("rule", .string),
                ("type", .oneOf(["text", "integer", "number", "channels", "choice", "size"])),
                ("choices", .array(.string)), ("minimum", .number), ("maximum", .number), ("example", .string),
            ], required: ["name", "group", "title", "words", "rule", "type"])
        return .object([("options", .array(option))])
    }

    private static var loadReport: Schema {
        .object(
            [
                ("verdict", .oneOf(["complete", "partial", "refused"])), ("format", .any), ("recognised_as", .any),
                ("prefix_removed", .any), ("matched", .any), ("missing", .any), ("unexpected", .any),
                ("reshaped", .any),
                ("ignored", .any), ("notes", .array(.string)), ("assumptions", .array(.string)),
                ("not_finite", .array(.string)), ("others", .array(.string)), ("opaque_globals", .array(.string)),
                ("precision", .string),
            ], required: ["verdict"])
    }

    private static var dataset: Schema {
        .object([
            ("name", .string), ("n_images", .integer(atLeast: 0)), ("classes", .array(.string)), ("built_in", .boolean),
            ("splits", .array(.string)), ("left_out", .array(.ref("LeftOut"))),
            ("n_empty_classes", .integer(atLeast: 0)), ("empty_classes", .array(.string)), ("index_rule", .string),
            ("error", .optional(.string)), ("links", links),
        ])
    }

    private static var leftOut: Schema {
        .object([
            ("reason", .string), ("kind", .string), ("n_files", .integer(atLeast: 1)), ("example", .string),
            ("examples", .array(.string)),
        ])
    }

    private static var datasetImages: Schema {
        let image = Schema.object(
            [
                ("ref", .ref("ImageRef")), ("class", .string), ("file", .string), ("error", .optional(.string)),
                ("warnings", .array(.string)),
            ], required: ["ref", "class", "file"])
        return .object([
            ("images", .array(image)), ("index_rule", .string), ("splits", .array(.string)),
            ("left_out", .array(.ref("LeftOut"))), ("next_page_token", .optional(.string)),
        ])
    }

    private static var probeSet: Schema {
        .object([
            ("name", .ref("Name")), ("dataset", .string), ("n_images", .integer(atLeast: 1)), ("seed", .integer),
            ("stratified", .boolean), ("sha256", sha256), ("images", .array(.ref("ImageRef"))),
            ("warnings", .array(.string)), ("skipped", .array(.string)), ("created_at", .time),
            ("links", links),
        ])
    }

    private static var probeSetRequest: Schema {
        .closed(
            [
                ("name", .ref("Name")), ("dataset", .text),
                ("n_images", .integer(atLeast: 1, atMost: ServiceLimits().probeSetImages).defaulting(to: .int(64))),
                ("seed", .exact.defaulting(to: .int(0))), ("stratified", .boolean.defaulting(to: .bool(true))),
                ("on_error", .oneOf(ProbeSetRequest.onErrorChoices)),
            ], required: ["name", "dataset"])
    }

    private static var analysisKinds: Schema {
        let parameter = Schema.object(
            [
                ("name", .string), ("aliases", .array(.string)), ("type", .string), ("default", .optional(.string)),
                ("required", .boolean), ("detail", .string), ("words", .array(.string)), ("minimum", .number),
                ("maximum", .number), ("example", .string),
            ], required: ["name", "aliases", "type", "default", "required", "detail"])
        let trajectory = Schema.object([
            ("title", .string), ("reading", .string), ("values", .string), ("sem", .string), ("places", .string),
            ("places_title", .string), ("unit", .string),
        ])
        let kind = Schema.object([
            ("name", .string), ("group", .string), ("group_title", .string), ("title", .string), ("summary", .string),
            ("reading", .string), ("cost", .string), ("path", .string), ("models", .integer(atLeast: 1, atMost: 2)),
            ("images", .oneOf(["any", "labelled", "cue_conflict", "masked", "none"])), ("gives_maps", .boolean),
            ("in_comparisons", .boolean), ("in_comparisons_usually", .boolean), ("trajectory", .optional(trajectory)),
            ("parameters", .array(parameter)),
        ])
        return .object([("analysis_kinds", .array(kind))])
    }

    private static var analysis: Schema {
        .object(
            [
                ("analysis", .string), ("analysis_id", sha256),
                ("n_images", .integer(atLeast: 0)), ("convention", .oneOf(["corrected", "reference"])),
                ("links", links),
                ("reasons", .array(.any)),
            ], required: ["analysis", "analysis_id", "n_images", "links", "reasons"])
    }
}
