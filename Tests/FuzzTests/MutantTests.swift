import Foundation
import FuzzSupport
import TestSupport
import Testing

/// Damages good files of every format, knowing their fields, and reads them: none ends the process, and what is taken is
/// within its limits and the same when it is written and read again.
@Suite struct MutantTests {
    /// As many for each format; `VITSCOPE_MUTANTS=NUMBER` makes more.
    private static let count = ProcessInfo.processInfo.environment["VITSCOPE_MUTANTS"].flatMap { Int($0) } ?? 20_000

    /// Where each mutant is written before it is read, so that the one that ends the process is there afterwards.
    private static let keep = ProcessInfo.processInfo.environment["VITSCOPE_KEEP_MUTANT"]

    @Test(arguments: FuzzFormat.allCases)
    func noMutantBreaksItsReader(_ format: FuzzFormat) throws {
        let seed = TestRandom("mutants of \(format.rawValue)", standard: 20_261_126).seed
        var random = FuzzRandom(seed: seed)
        let mutator = Mutator(format, seeds: try FuzzSeeds.files(format))
        var taken = 0
        for number in 0..<Self.count {
            let mutant = mutator.mutant(&random)
            if let folder = Self.keep {
                try Data(mutant).write(to: URL(fileURLWithPath: "\(folder)/\(format.rawValue)"))
            }
            do throws(FuzzFault) {
                if try format.check(mutant) { taken += 1 }
            } catch {
                Issue.record("mutant \(number) of \(format.rawValue), \(mutant.count) bytes: \(error)")
                try Data(mutant).write(
                    to: FileManager.default.temporaryDirectory.appendingPathComponent(
                        "mutant-\(format.rawValue)-\(number)"))
            }
        }
        // Damage that is never noticed, or always, would say nothing of the reader.
        #expect(taken > Self.count / 1000, "of \(Self.count) mutants \(taken) are taken")
        #expect(taken < Self.count * 19 / 20, "of \(Self.count) mutants \(taken) are taken")
        print("\(format.rawValue): \(taken) of \(Self.count) mutants are taken")
    }

    /// Every seed is a file that says something.
    @Test(arguments: FuzzFormat.allCases)
    func someSeedIsTaken(_ format: FuzzFormat) throws {
        let seeds = try FuzzSeeds.files(format)
        let taken = try seeds.count { try format.check($0) }
        #expect(taken >= (seeds.count + 1) / 3, "\(taken) of \(seeds.count) seeds of \(format.rawValue) are taken")
    }
}
