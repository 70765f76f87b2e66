// The conversions that end the process for NaN, infinity and what the type does not hold, each over the language's own: who
// writes one is told at once. `ConversionTests` sees to it that every file that converts sees these.

extension Int {
    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Double) { self.init(inRange: number) }

    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Float) { self.init(inRange: Double(number)) }
}

extension Int8 {
    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Double) { self.init(inRange: number) }

    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Float) { self.init(inRange: Double(number)) }
}

extension Int16 {
    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Double) { self.init(inRange: number) }

    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Float) { self.init(inRange: Double(number)) }
}

extension Int32 {
    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Double) { self.init(inRange: number) }

    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Float) { self.init(inRange: Double(number)) }
}

extension Int64 {
    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Double) { self.init(inRange: number) }

    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Float) { self.init(inRange: Double(number)) }
}

extension UInt {
    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Double) { self.init(inRange: number) }

    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Float) { self.init(inRange: Double(number)) }
}

extension UInt8 {
    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Double) { self.init(inRange: number) }

    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Float) { self.init(inRange: Double(number)) }
}

extension UInt16 {
    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Double) { self.init(inRange: number) }

    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Float) { self.init(inRange: Double(number)) }
}

extension UInt32 {
    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Double) { self.init(inRange: number) }

    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Float) { self.init(inRange: Double(number)) }
}

extension UInt64 {
    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Double) { self.init(inRange: number) }

    @available(*, deprecated, message: "ask whether the number is whole and in range: exactly, rounding, inRange")
    package init(_ number: Float) { self.init(inRange: Double(number)) }
}
