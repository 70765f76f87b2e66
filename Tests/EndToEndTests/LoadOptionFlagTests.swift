import Foundation
import TestSupport
import Testing

/// Every option for loading a model that the server declares is a flag with the same words, and a member of the
/// published schema.
@Suite(.blocking) struct LoadOptionFlagTests {
    private struct Option {
        let name: String
        let group: String
        let words: String
    }

    private func options(_ server: Server) throws -> [Option] {
        let declared = try #require(try server.curl("/v1/model-options").json["options"] as? [[String: Any]])
        return try declared.map {
            Option(
                name: try #require($0["name"] as? String), group: try #require($0["group"] as? String),
                words: try #require($0["words"] as? String))
        }
    }

    @Test func everyOptionIsAFlagAndAMember() throws {
        let server = try Server(models: fixture("models/files"))
        let options = try options(server)
        #expect(options.count >= 10)
        let document = try server.curl("/openapi.json").json
        let schemas = (document["components"] as? [String: Any])?["schemas"] as? [String: Any]
        let members = (schemas?["ModelRegistration"] as? [String: Any])?["properties"] as? [String: Any]
        let choices = (members?["preprocess"] as? [String: Any])?["anyOf"] as? [[String: Any]]
        let preprocess = choices?.first?["properties"] as? [String: Any]
        for option in options {
            #expect((option.group == "preprocess" ? preprocess : members)?[option.name] != nil, "\(option.name)")
        }
        for (command, groups) in [
            ("analyze", ["network", "preprocess", "computing"]), ("compare", ["network", "preprocess", "computing"]),
            ("assert", ["network", "preprocess", "computing"]), ("verify", ["network", "preprocess", "computing"]),
            ("inspect", ["network"]), ("convert", ["network"]),
        ] {
            let help = try run(vitscope, [command, "--help"]).text.split(whereSeparator: \.isWhitespace)
                .joined(separator: " ")
            for option in options where groups.contains(option.group) {
                let flag = "--" + option.name.replacingOccurrences(of: "_", with: "-")
                #expect(help.contains("\(flag) <"), "\(command) \(flag)")
                #expect(help.contains(option.words), "\(command) \(flag)")
            }
        }
    }

    @Test func aWrongFlagSaysWhatItTakes() throws {
        let file = fixture("models/files/timm_vit.safetensors")
        for (flag, value, words) in [
            ("--num-heads", "0", "a whole number from 1 to 1024"), ("--img-size", "0x3", "from 1 to 16384 pixels"),
            ("--activation", "swish", "quick_gelu"),
        ] {
            let answer = try run(vitscope, ["inspect", file, flag, value])
            #expect(answer.status == 2 && answer.errors.contains("\(flag) is "), "\(answer.errors)")
            #expect(answer.errors.contains(words), "\(answer.errors)")
        }
        let answer = try run(
            vitscope, ["analyze", "attention-distance", "--model", file, "--images", file, "--mean", "1,2"])
        #expect(answer.status == 2 && answer.errors.contains("--mean is a list of three numbers"), "\(answer.errors)")
    }
}
