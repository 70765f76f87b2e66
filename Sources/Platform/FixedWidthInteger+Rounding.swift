extension FixedWidthInteger {
    /// `number` rounded to a whole one; nil for NaN, infinity, and what this type does not hold.
    ///
    /// The conversion that the language has ends the process for these.
    public init?(rounding number: Double, _ rule: FloatingPointRoundingRule) {
        self.init(exactly: number.rounded(rule))
    }

    /// `number` rounded to a whole one and brought into `range`; nil for NaN, which lies nowhere.
    public init?(
        rounding number: Double, _ rule: FloatingPointRoundingRule, into range: ClosedRange<Self>
    ) {
        let rounded = number.rounded(rule)
        guard !rounded.isNaN else { return nil }
        if let whole = Self(exactly: rounded) {
            self = Swift.min(Swift.max(whole, range.lowerBound), range.upperBound)
        } else {
            self = rounded < 0 ? range.lowerBound : range.upperBound
        }
    }

    /// `number` without its fraction, where it cannot but be in range: of a byte, of a place inside of a side, of the root
    /// of a count. Everything that is read or computed from weights is asked with the others.
    @inlinable
    public init(inRange number: Double) {
        guard let whole = Self(exactly: number.rounded(.towardZero)) else {
            preconditionFailure("a number that cannot but be in range is not")
        }
        self = whole
    }
}
