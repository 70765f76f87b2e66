import Foundation
import Glibc
import TestSupport
import Testing

/// Parsing and computing end with their own process, and the server goes on.
@Suite(.blocking) struct ProcessWallTests {
    private static func attention(_ image: Int) -> String {
        "/v1/models/moco_v3/attention?image=shapes-textures:\(image)&layer=3&head=0"
    }

    private static func isReady(_ server: Server, _ names: [String]) throws -> Bool {
        let models = try server.curl("/v1/models").json["models"] as? [[String: Any]] ?? []
        let ready = models.filter { $0["state"] as? String == "ready" }.compactMap { $0["name"] as? String }
        return Set(names).isSubset(of: ready)
    }

    /// A demo server whose models have loaded.
    private static func demo(data: String? = nil, environment: [String: String] = [:]) throws -> Server {
        let server = try Server(["--demo"], data: data, environment: environment)
        _ = try server.found("the demo's models load") {
            try Self.isReady(server, ["moco_v3", "simmim", "hybrid", "untrained"]) ? true : nil
        }
        return server
    }

    private static func deaths(_ server: Server, _ kind: String) throws -> Int {
        let line = try server.curl("/metrics").text.split(separator: "\n").first {
            $0.hasPrefix("vitscope_process_deaths_total{kind=\"\(kind)\"}")
        }
        return line?.split(separator: " ").last.flatMap { Double($0) }.map { Int($0) } ?? -1
    }

    /// The processes of a kind that the server has started.
    private static func children(_ server: Server, _ command: String) throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int32.init).filter { pid in
            let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
            let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat") ?? Data()
            let fields = String(decoding: stat, as: UTF8.self).split(separator: " ")
            return words.count > 1 && words[1] == command && fields.count > 3
                && fields[3] == "\(server.process.processIdentifier)"
        }
    }

    @Test func sixtyFourRequestsOutliveTheProcessThatComputes() throws {
        let server = try Self.demo()
        let compute = try #require(try Self.children(server, "compute").first)
        let paths = (0..<64).map(Self.attention)
        let replies = try server.curlMany(paths) {
            _ = try server.curl(Self.attention(64))
            kill(compute, SIGKILL)
        }
        #expect(replies.count == 64, "every request has an answer")
        for reply in replies.values {
            if reply.status == 503 {
                #expect(reply.header("content-type") == "application/problem+json")
                #expect(reply.json["request_id"] is String && reply.header("retry-after") != nil)
                #expect((reply.json["detail"] as? String ?? "").contains("started again"), "\(reply.text)")
            } else {
                #expect(reply.status == 200, "\(reply.text)")
            }
        }
        // It comes back by itself, and so do its models; what was asked in the middle of it is answered now.
        for path in paths { #expect(try server.curl(path).status == 200, "\(path)") }
        #expect(try Self.children(server, "compute").count == 1)
        #expect(try Self.children(server, "compute") != [compute])
        #expect(try Self.deaths(server, "compute") == 1)
        #expect(try server.curl("/readyz").status == 200)
    }

    /// The kernel confines the process to the folder that was there, so another one takes another process.
    @Test func aFolderOfDatasetsMayBeReplaced() throws {
        let server = try Self.demo()
        let datasets = server.data + "/datasets"
        func put(_ name: String, _ index: Int) throws {
            let image = try server.curl("/v1/images/shapes-textures:\(index)?view=original").body
            try FileManager.default.createDirectory(
                atPath: "\(datasets)/\(name)/all", withIntermediateDirectories: true)
            try image.write(to: URL(fileURLWithPath: "\(datasets)/\(name)/all/0.png"))
        }
        try put("before", 3)
        let path = "/v1/models/moco_v3/attention?layer=3&head=0&image="
        #expect(try server.curl(path + "before:0").status == 200)
        try FileManager.default.moveItem(atPath: datasets, toPath: datasets + "-old")
        try put("after", 4)
        let reply = try server.curl(path + "after:0")
        #expect(reply.status == 200, "\(reply.text)")
        #expect(try Self.deaths(server, "compute") == 0)
    }

    /// Whatever moment it is, a question has its right answer or a 503, and what was kept is right.
    @Test func itIsKilledAtAnyMoment() throws {
        let kills = max(ProcessInfo.processInfo.environment["VITSCOPE_KILLS"].flatMap { Int($0) } ?? 30, 10) / 10
        let server = try Self.demo()
        let question = "/v1/models/simmim/analyses/attention-distance?image=shapes-textures:"
        func mean(_ reply: Reply) -> String { "\(reply.json["mean"] ?? "")" }
        let reference = try Self.demo()
        var random = TestRandom("the moments of the kills")
        var dead: Set<Int32> = []
        for round in 0..<kills {
            let compute = try server.found("it is there") {
                try Self.children(server, "compute").first { !dead.contains($0) }
            }
            let paths = (0..<12).map { question + "\((round * 12 + $0) % 1000)" }
            let moment = random.next() % 4
            let replies = try server.curlMany(paths) {
                try KillTests.idle(server, requests: moment)
                kill(compute, SIGKILL)
            }
            dead.insert(compute)
            #expect(replies.count == 12)
            for (path, reply) in replies {
                var reply = reply
                for _ in 0..<3 where reply.status == 503 { reply = try server.curl(path) }
                #expect(reply.status == 200, "\(path): \(reply.text)")
                #expect(mean(reply) == mean(try reference.curl(path)), "\(path)")
            }
        }
        #expect(try Self.deaths(server, "compute") == kills)
        #expect(server.process.isRunning && server.stop() == 143)
    }

    /// The process that computes is started again, and our own copy of a model is damaged meanwhile, or gone with its file.
    @Test func aModelWhoseFormIsLostIsReadAgain() throws {
        let folder = try TemporaryFolder(), data = folder.path + "/data", models = folder.path + "/models"
        try FileManager.default.createDirectory(atPath: models, withIntermediateDirectories: true)
        let file = "simmim_finetune.pth"
        try FileManager.default.copyItem(atPath: fixture("models/files/" + file), toPath: "\(models)/\(file)")
        let server = try Server(["--demo"], data: data, models: models)
        #expect(try server.load("a", path: file)["state"] as? String == "ready")
        func endComputing() throws {
            let compute = try server.found("it is there") { try Self.children(server, "compute").first }
            kill(compute, SIGKILL)
            _ = try server.found("another one") { try Self.children(server, "compute").first { $0 != compute } }
        }
        func forms() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: data + "/canonical").filter {
                $0.hasSuffix(".safetensors")
            }.map { "\(data)/canonical/\($0)" }
        }
        let question = "/v1/models/a/attention?image=shapes-textures:1&layer=0&head=0"
        let before = try server.curl(question)
        #expect(before.status == 200, "\(before.text)")
        for form in try forms() {
            var bytes = try Data(contentsOf: URL(filePath: form))
            bytes[bytes.count - 1] ^= 1
            try bytes.write(to: URL(filePath: form))
        }
        try endComputing()
        let other = question.replacingOccurrences(of: "layer=0", with: "layer=1")
        let after = try server.found("it is read again") {
            let reply = try server.curl(other)
            return reply.status == 503 ? nil : reply
        }
        #expect(after.status == 200, "\(after.text)")
        // Now nothing is left to read it from.
        for path in try forms() + ["\(models)/\(file)"] { try FileManager.default.removeItem(atPath: path) }
        try endComputing()
        let refused = try server.found("it is given up") {
            let reply = try server.curl(question + "&query=cls")
            guard reply.status == 200 else { return reply.status == 503 ? nil : reply }
            // The file was being read a second time when it went, and that form is as good as the first.
            for path in try forms() { try FileManager.default.removeItem(atPath: path) }
            try endComputing()
            return nil
        }
        #expect(refused.status == 409, "\(refused.text)")
        #expect(try server.curl("/v1/models/a").json["state"] as? String == "failed")
    }

    /// A process that answers nothing any more is ended, and its questions get an answer.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["VITSCOPE_KILLS"] != nil, "takes two minutes"))
    func aProcessThatHangsIsEnded() throws {
        let server = try Self.demo()
        let compute = try #require(try Self.children(server, "compute").first)
        kill(compute, SIGSTOP)
        let reply = try server.curl(Self.attention(7), ["--max-time", "300"])
        #expect(reply.status == 503, "\(reply.text)")
        #expect(try server.curl(Self.attention(7)).status == 200)
        #expect(try Self.deaths(server, "compute") == 1)
    }

    @Test func aQuestionThatEndsTheProcessTwiceIsRefused() throws {
        let folder = try TemporaryFolder(), data = folder.path + "/data"
        let question = "/v1/models/moco_v3/analyses/attention-nmi?image=shapes-textures:1"
        var server = try Self.demo(
            data: data, environment: ["VITSCOPE_FAULT": "compute.answering/attention-nmi:1"])
        let first = try server.curl(question)
        #expect(first.status == 503 && first.json["request_id"] is String, "\(first.text)")
        let second = try server.curl(question)
        #expect(second.status == 500 && second.json["type"] as? String == "/problems/fatal", "\(second.text)")
        let third = try server.curl(question)
        #expect(third.status == 500 && third.json["type"] as? String == "/problems/fatal")
        #expect(try Self.deaths(server, "compute") == 2, "the third one was refused before it was computed")
        #expect(try server.curl(Self.attention(1)).status == 200, "everything else is answered")
        #expect(server.stop() == 143)
        // The same program remembers it.
        server = try Self.demo(data: data)
        #expect(try server.curl(question).status == 500)
        #expect(try server.curl(question.replacingOccurrences(of: "s:1", with: "s:2")).status == 200)
        #expect(try Self.deaths(server, "compute") == 0)
    }

    @Test func aParserThatDiesCostsItsFile() throws {
        let server = try Server(
            models: fixture("models/files"), environment: ["VITSCOPE_FAULT": "parser.reading/simmim_pretrain:1"])
        let model = try server.load("bad", path: "simmim_pretrain.pth")
        #expect((model["detail"] as? String ?? "").contains("signal 9"), "\(model)")
        #expect(try server.load("good", path: "simmim_finetune.pth")["state"] as? String == "ready")
        #expect(try Self.deaths(server, "parser") == 1 && Self.deaths(server, "compute") == 0)
        let other = try Server(environment: ["VITSCOPE_FAULT": "parser.reading/an image:1"])
        let photo = ["-H", "Content-Type: image/jpeg", "--data-binary", "@" + fixture("images/jpeg/444.jpg")]
        let image = try other.curl("/v1/images", photo)
        #expect(image.status == 400 && (image.json["detail"] as? String ?? "").contains("signal 9"), "\(image.text)")
        #expect(try other.curl("/readyz").status == 200)
    }

    /// What the process that computes can do is what it needs and no more.
    @Test func theProcessThatComputesIsConfined() throws {
        let server = try Self.demo()
        let compute = try #require(try Self.children(server, "compute").first)
        // A kernel without the means says so, and is told of.
        guard !server.log.contains("cannot confine") else { return print("not tried: \(server.log)") }
        let status = String(
            decoding: FileManager.default.contents(atPath: "/proc/\(compute)/status") ?? Data(), as: UTF8.self)
        #expect(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"), "\(status)")
        let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(compute)/fd").map {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(compute)/fd/\($0)")) ?? ""
        }
        #expect(files.filter { $0.hasPrefix("socket:") }.count == 1, "its connection to the server alone: \(files)")
        let environment = String(
            decoding: FileManager.default.contents(atPath: "/proc/\(compute)/environ") ?? Data(), as: UTF8.self)
        #expect(!environment.contains("VITSCOPE_TOKEN"))
        // It goes with the server.
        server.kill()
        _ = try server.found("it is gone") { kill(compute, 0) != 0 ? true : nil }
    }

    /// A checkpoint is read once; from then on its form is mapped.
    @Test func aFormIsMadeOnce() throws {
        let folder = try TemporaryFolder(), data = folder.path + "/data"
        let models = folder.path + "/models"
        try FileManager.default.createDirectory(atPath: models, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: fixture("models/files/simmim_pretrain.pth"), toPath: models + "/a.pth")
        var server = try Server(data: data, models: models)
        // A file that was written just now might still be, and is not remembered.
        _ = try server.found("the file has settled") { () -> Bool? in
            var status = stat()
            guard stat(models + "/a.pth", &status) == 0 else { return nil }
            return time(nil) - status.st_ctim.tv_sec > 3 ? true : nil
        }
        let first = try server.load("a", path: "a.pth")
        #expect(first["state"] as? String == "ready", "\(first)")
        #expect(server.stop() == 143)
        // A parser would die now; none is asked.
        server = try Server(data: data, models: models, environment: ["VITSCOPE_FAULT": "parser.reading:1"])
        let again = try server.found("it is loaded again") { () -> [String: Any]? in
            let model = try server.curl("/v1/models/a").json
            return model["state"] as? String == "loading" ? nil : model
        }
        #expect(again["state"] as? String == "ready", "\(again)")
        #expect("\(again["sha256"] ?? "")" == "\(first["sha256"] ?? "?")")
        #expect(try Self.deaths(server, "parser") == 0)
    }

    @Test func theServerCanDoItAllItself() throws {
        let server = try Server(["--demo", "--in-process"])
        _ = try server.found("the demo's models load") { try Self.isReady(server, ["moco_v3"]) ? true : nil }
        #expect(try server.curl(Self.attention(1)).status == 200)
        #expect(try Self.children(server, "compute").isEmpty)
    }
}
