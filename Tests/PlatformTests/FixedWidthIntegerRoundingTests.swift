import Platform
import Testing

@Suite struct FixedWidthIntegerRoundingTests {
    @Test(arguments: [Double.nan, .signalingNaN, .infinity, -.infinity, 9.3e18, -9.3e18, 1e300])
    func whatIsNoWholeNumberIsNone(_ number: Double) {
        #expect(Int(rounding: number, .down) == nil)
        #expect(UInt8(rounding: number, .up) == nil)
    }

    @Test func roundsByTheRule() {
        #expect(
            Int(rounding: 2.7, .down) == 2 && Int(rounding: 2.1, .up) == 3
                && Int(rounding: -2.5, .toNearestOrEven) == -2)
        #expect(UInt8(rounding: 255.4, .down) == 255 && UInt8(rounding: 256, .down) == nil)
        #expect(UInt8(rounding: -0.4, .toNearestOrAwayFromZero) == 0)
    }

    @Test func aRangeHoldsEverythingButNaN() {
        #expect(Int(rounding: .nan, .down, into: 0...10) == nil)
        for (number, whole) in [(3.9, 3), (-7, 0), (1e300, 10), (-.infinity, 0), (.infinity, 10), (10.5, 10)] {
            #expect(Int(rounding: number, .down, into: 0...10) == whole, "\(number)")
        }
    }
}
