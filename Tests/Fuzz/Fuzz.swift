import Foundation
import FuzzSupport

// libFuzzer's way in: `VITSCOPE_FUZZ_TARGET` names the format. A trap, a report of the address sanitizer and a broken
// promise of a reader are findings alike.

private let format: FuzzFormat = {
    let name = ProcessInfo.processInfo.environment["VITSCOPE_FUZZ_TARGET"] ?? ""
    guard let format = FuzzFormat(rawValue: name) else {
        preconditionFailure("VITSCOPE_FUZZ_TARGET is one of \(FuzzFormat.allCases.map(\.rawValue)), not “\(name)”")
    }
    return format
}()

private let mutator: Mutator = {
    do { return Mutator(format, seeds: try FuzzSeeds.files(format)) } catch {
        preconditionFailure("no seeds: \(error)")
    }
}()

@_silgen_name("LLVMFuzzerMutate")
private func libraryMutation(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ most: Int) -> Int

/// Writes the seeds into the folder that `VITSCOPE_FUZZ_SEEDS` names, for libFuzzer to begin with.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> CInt {
    guard let folder = ProcessInfo.processInfo.environment["VITSCOPE_FUZZ_SEEDS"] else { return 0 }
    do {
        for (index, bytes) in try FuzzSeeds.files(format).enumerated() {
            try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/seed-\(index)"))
        }
    } catch { preconditionFailure("the seeds cannot be written: \(error)") }
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    do throws(FuzzFault) {
        try format.check([UInt8](UnsafeBufferPointer(start: data, count: size)))
    } catch { preconditionFailure("\(error)") }
    return 0
}

/// Half of the mutants are libFuzzer's own, half know the format.
@_cdecl("LLVMFuzzerCustomMutator")
public func customMutator(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ most: Int, _ seed: UInt32) -> Int {
    var random = FuzzRandom(seed: UInt64(seed))
    guard Bool.random(using: &random) else { return libraryMutation(data, size, most) }
    let bytes = [UInt8](UnsafeBufferPointer(start: data, count: size))
    let mutant = mutator.mutant(of: bytes, &random).prefix(most)
    for (index, byte) in mutant.enumerated() { data[index] = byte }
    return mutant.count
}
