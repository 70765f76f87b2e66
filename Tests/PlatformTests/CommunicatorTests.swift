import Platform
import Testing

/// A process alone; several are tried by `RanksTests` with the built program.
@Suite struct CommunicatorTests {
    @Test func aloneNothingIsExchanged() throws {
        let alone = Communicator.alone
        #expect(alone.isFirst && alone.rank == 0 && alone.size == 1)
        #expect(alone.sum([1, 2.5]) == [1, 2.5] && alone.sum(3) == 3)
        #expect(alone.gather(7) == [7] && alone.broadcast(8) == 8)
        #expect(alone.first(of: nil) == nil)
        let found = alone.first(of: "it is broken")
        #expect(found?.rank == 0 && found?.sentence == "it is broken")
        var numbers: [Float] = [1, 2]
        var pending = PendingSums()
        numbers.withUnsafeMutableBufferPointer {
            alone.sum($0)
            alone.begin(UnsafeBufferPointer($0), sums: $0, &pending)
        }
        alone.progress(&pending)
        alone.wait(for: &pending)
        alone.barrier()
        #expect(numbers == [1, 2] && pending.isEmpty)
        try alone.leave()
        try alone.check()
    }

    /// Where there is no Open MPI, the sentence says which packages bring it.
    @Test func whatIsMissingIsSaid() {
        if let lacking = Communicator.lacking {
            #expect(lacking.contains("libopenmpi3") && lacking.contains("openmpi-bin"))
        } else {
            #expect(Communicator.libraryVersion.hasPrefix("Open MPI"))
        }
    }
}
