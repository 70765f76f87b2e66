import Checkpoints
import Foundation
import FuzzSupport
import Images
import JSON
import Platform
import Tensors

// What our readers say of files, for Tests/Attacks/differential.py to compare with what other libraries say.
//
//     Verdicts mutants FORMAT COUNT SEED FOLDER   writes mutants
//     Verdicts check FORMAT COUNT SEED            reads mutants, as FuzzTests do
//     Verdicts read                               reads a path a line, answers a line of JSON each

/// Seconds of the processor so far.
private func processorSeconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

/// The most memory that was resident since the last call, KiB.
private func peak() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let reset = FileHandle(forWritingAtPath: "/proc/self/clear_refs")
    try? reset?.write(contentsOf: Data("5".utf8))
    try? reset?.close()
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
}

private func tensors(of checkpoint: Checkpoint) -> JSONValue {
    .object(
        checkpoint.stateDicts().flatMap { path, dict in
            dict.names.compactMap { name in
                guard let entry = dict[name], let plain = try? SafeTensors.encode(single(entry)) else { return nil }
                let header = plain.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
                let place = JSONValue.strings(path + [name]).json
                return JSONValue.Member(
                    String(decoding: place, as: UTF8.self),
                    .list([
                        .string(entry.dtype.rawValue), .ints(entry.shape),
                        .string(SHA256.hex(of: Array(plain.dropFirst(8 + header)))),
                    ]))
            }
        })
}

private func single(_ entry: StateDict.Entry) -> StateDict {
    var dict = StateDict()
    dict["tensor"] = entry
    return dict
}

private func verdict(_ bytes: Bytes) -> JSONValue.Member {
    do {
        if (try? ImageFormat(of: bytes)) != nil {
            let image = try Image.decode(bytes, orientation: .ignore)
            return .init(
                "image", .list([.int(image.height), .int(image.width), .string(SHA256.hex(of: image.pixels))]))
        }
        return .init("tensors", tensors(of: try Checkpoint.decode(bytes)))
    } catch { return .init("refused", .string("\(error)")) }
}

private func read(_ path: String) throws {
    let bytes = Bytes(Array(try Data(contentsOf: URL(fileURLWithPath: path))))
    let start = processorSeconds()
    let found = verdict(bytes)
    let answer = JSONValue.object([
        .init("path", .string(path)), found, .init("seconds", .double(processorSeconds() - start)),
        .init("peak_kib", .int(peak())),
    ])
    // At once, so that what was said of the files before one that ends the process is not lost.
    try FileHandle.standardOutput.write(contentsOf: Data(answer.json + [0x0a]))
}

private let arguments = Array(CommandLine.arguments.dropFirst())

/// The mutants that the arguments ask for.
private func mutants(_ body: (Int, FuzzFormat, [UInt8]) throws -> Void) throws {
    guard let format = FuzzFormat(rawValue: arguments[1]), let count = Int(arguments[2]),
        let seed = UInt64(arguments[3])
    else { preconditionFailure("give a format of \(FuzzFormat.allCases.map(\.rawValue)), a count and a seed") }
    let mutator = Mutator(format, seeds: try FuzzSeeds.files(format))
    var random = FuzzRandom(seed: seed)
    for number in 0..<count { try body(number, format, mutator.mutant(&random)) }
}

switch (arguments.first, arguments.count) {
case ("mutants", 5):
    try mutants { number, format, bytes in
        // A pickle alone is no file.
        let file = format == .pickle ? FuzzSeeds.torchFile(bytes) : bytes
        try Data(file).write(to: URL(fileURLWithPath: "\(arguments[4])/\(number).\(format.rawValue)"))
    }
case ("check", 4):
    var taken = 0, faults = 0
    try mutants { number, format, bytes in
        do throws(FuzzFault) {
            if try format.check(bytes) { taken += 1 }
        } catch {
            faults += 1
            print("mutant \(number): \(error)")
        }
    }
    print("\(arguments[1]): \(taken) taken, \(faults) faults, \(processorSeconds()) s, \(peak()) KiB")
case ("read", 1):
    while let path = readLine() { try read(path) }
default: preconditionFailure("say mutants, check or read")
}
