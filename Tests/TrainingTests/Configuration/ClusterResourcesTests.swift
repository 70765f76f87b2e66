import JSON
import Testing
import Training

/// What a job asks of a cluster comes from outside and ends in the arguments of a command.
@Suite struct ClusterResourcesTests {
    private static func faults(_ resources: String) throws -> [String] {
        let body = try JSONValue.parse(
            Array(
                (#"{"method": "simmim", "arch": "vit_tiny_patch16_224", "dataset": "shapes-textures", "epochs": 1, "#
                    + #""resources": \#(resources)}"#).utf8))
        do throws(TrainingError) {
            _ = try TrainingConfiguration(body)
            return []
        } catch {
            guard case .configuration(let faults) = error else { throw error }
            return faults.map(\.pointer)
        }
    }

    @Test func wordsAreTaken() throws {
        let body = try JSONValue.parse(
            Array(
                """
                {"method": "simmim", "arch": "vit_tiny_patch16_224", "dataset": "shapes-textures", "epochs": 1,
                 "resources": {"executor": "slurm", "partition": "gpu,cpu", "account": "lab-1", "nodes": 1, "ranks": 1,
                    "threads": 4, "time_limit": "1-12:30:00", "options": {"constraint": "[a&b*2]", "mem": "4G"}}}
                """.utf8))
        let cluster = try #require(try TrainingConfiguration(body).cluster)
        #expect(cluster.partition == "gpu,cpu" && cluster.account == "lab-1" && cluster.seconds == 131_400)
        #expect(cluster.options.map(\.name).sorted() == ["constraint", "mem"])
    }

    @Test(arguments: [
        ("90", 5400), ("1:30", 90), ("02:00:00", 7200), ("1-0", 86_400), ("1-1:1", 90_060), ("2-00:00:01", 172_801),
    ]) func timesAreSlurms(text: String, seconds: Int) { #expect(ClusterResources.seconds(text) == seconds) }

    @Test(arguments: [
        "", "0", "0:59", "-5", "5-", "1:2:3:4", "9999999", "999999-0", "1-1:1:1:1", "1e3", " 5", "5 ", "٣", "UNLIMITED",
        "1--2",
    ]) func otherTimesAreNone(text: String) { #expect(ClusterResources.seconds(text) == nil) }

    @Test(arguments: [
        "--wrap=id", "-x", "a b", "a;b", "$(id)", "`id`", "a\\nb", "a'b", "a\"b", "../x", "/etc", "a/b", "a%j", "", "ä",
        "~",
    ]) func hostileWordsAreRefused(word: String) throws {
        let text = String(decoding: JSONValue.string(word).json, as: UTF8.self)
        for (resources, pointer) in [
            (#"{"executor": "slurm", "partition": \#(text)}"#, "/resources/partition"),
            (#"{"executor": "slurm", "account": \#(text)}"#, "/resources/account"),
            (#"{"executor": "slurm", "options": {"qos": \#(text)}}"#, "/resources/options"),
        ] { #expect(try Self.faults(resources) == [pointer], "\(resources)") }
    }

    /// Options that would say what runs, as whom, or where files go.
    @Test(arguments: [
        "wrap", "output", "error", "chdir", "uid", "gid", "export", "export-file", "bcast", "prolog", "get-user-env",
        "mail-user", "dependency", "signal", "array", "job-name", "open-mode", "nodes", "ntasks", "requeue",
        "no-requeue",
        "-qos", "qos=x --wrap", "", "container", "burst-buffer", "comment",
    ]) func otherOptionsAreRefused(name: String) throws {
        let text = String(decoding: JSONValue.string(name).json, as: UTF8.self)
        #expect(
            try Self.faults(#"{"executor": "slurm", "options": {\#(text): "x"}}"#) == ["/resources/options"])
    }

    /// A batch of 64 images is divided among ranks, and nodes have one each at least.
    @Test func ranksShareABatch() throws {
        #expect(try Self.faults(#"{"ranks": 4}"#) == [])
        #expect(try Self.faults(#"{"ranks": 3}"#) == ["/batch_size"])
        #expect(try Self.faults(#"{"executor": "slurm", "ranks": 4, "nodes": 2}"#) == [])
        #expect(try Self.faults(#"{"executor": "slurm", "ranks": 2, "nodes": 4}"#) == ["/resources/nodes"])
        #expect(try Self.faults(#"{"executor": "slurm", "nodes": 2}"#) == ["/resources/nodes"])
        for hostile in ["0", "-1", "1025", "9223372036854775807", "1.5", "\"2\""] {
            #expect(try Self.faults(#"{"ranks": \#(hostile)}"#) == ["/resources/ranks"], "\(hostile)")
        }
    }

    @Test func theyBelongToACluster() throws {
        #expect(
            try Self.faults(#"{"partition": "p", "time_limit": "60"}"#) == [
                "/resources/partition", "/resources/time_limit",
            ])
        #expect(try Self.faults(#"{"executor": "slurm", "ranks": 0, "nodes": 0}"#).count == 2)
        #expect(try Self.faults(#"{"nodes": 1}"#) == ["/resources/nodes"])
    }
}
