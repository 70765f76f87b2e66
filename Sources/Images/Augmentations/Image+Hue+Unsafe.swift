import Platform

/// Hue, by way of Pillow's 8-bit HSV.
extension Image {
    /// The image with its colours turned by `factor` of the full circle, −0.5 to 0.5; torchvision's `adjust_hue`.
    public func adjustedHue(_ factor: Double) -> Image {
        precondition(abs(factor) <= 0.5, "a hue factor lies between -0.5 and 0.5, not \(factor)")
        // Cut toward zero, then taken modulo 256.
        let shift = UInt8(truncatingIfNeeded: Int(inRange: factor * 255))
        return rewritten { source, target, count in
            HueCircle.withSectors { sectors in
                for pixel in stride(from: 0, to: count, by: 3) {
                    let hsv = HSV(red: source[pixel], green: source[pixel &+ 1], blue: source[pixel &+ 2])
                    let turned = HSV(hue: hsv.hue &+ shift, saturation: hsv.saturation, value: hsv.value)
                    (target[pixel], target[pixel &+ 1], target[pixel &+ 2]) = turned.colour(sectors)
                }
            }
        }
    }
}

/// A colour as hue, saturation and value in 8 bits each, rounded as Pillow does it.
struct HSV: Equatable {
    let hue: UInt8
    let saturation: UInt8
    let value: UInt8

    @inline(__always)
    init(hue: UInt8, saturation: UInt8, value: UInt8) {
        self.hue = hue
        self.saturation = saturation
        self.value = value
    }

    @inline(__always)
    init(red: UInt8, green: UInt8, blue: UInt8) {
        let most = max(red, green, blue), least = min(red, green, blue)
        value = most
        guard most != least else {
            hue = 0
            saturation = 0
            return
        }
        let chroma = Float(most &- least)
        saturation = UInt8(inRange: Double(chroma / Float(most)) * 255)
        let sector: Float
        if red == most {
            sector = Float(most &- blue) / chroma - Float(most &- green) / chroma
        } else if green == most {
            sector = Float(2 + Double(Float(most &- red) / chroma) - Double(Float(most &- blue) / chroma))
        } else {
            sector = Float(4 + Double(Float(most &- green) / chroma) - Double(Float(most &- red) / chroma))
        }
        // Between 5/6 and 11/6, so the fraction is what lies above 0 or 1.
        let turns = Double(sector) / 6 + 1
        hue = UInt8(inRange: Double(Float(turns < 1 ? turns : turns - 1)) * 255)
    }

    /// Red, green and blue.
    @inline(__always)
    func colour(_ sectors: UnsafeBufferPointer<HueCircle.Place>) -> (UInt8, UInt8, UInt8) {
        guard saturation != 0 else { return (value, value, value) }
        let place = sectors[Int(hue)]
        let strength = Float(saturation) / 255, level = Double(Float(value))
        let low = UInt8(inRange: level * (1 - Double(strength)) + 0.5)
        // The middle of the three lies on a falling or a rising edge.
        let edge =
            place.sector & 1 == 1
            ? 1 - Double(strength * place.fraction) : 1 - Double(strength) * (1 - Double(place.fraction))
        let middle = UInt8(inRange: level * edge + 0.5)
        switch place.sector {
        case 0: return (value, middle, low)
        case 1: return (middle, value, low)
        case 2: return (low, value, middle)
        case 3: return (low, middle, value)
        case 4: return (middle, low, value)
        default: return (value, low, middle)
        }
    }
}

/// Where each of the 256 hues lies: its sixth of the circle, and how far into it.
enum HueCircle {
    struct Place {
        /// 0 to 5.
        let sector: UInt8
        /// 0 to below 1.
        let fraction: Float
    }

    static func withSectors(_ body: (UnsafeBufferPointer<Place>) -> Void) {
        let places = (0..<256).map { hue -> Place in
            let sixths = Double(hue) * 6 / 255, sector = Int(inRange: sixths)
            return Place(sector: UInt8(sector % 6), fraction: Float(sixths - Double(sector)))
        }
        places.withUnsafeBufferPointer(body)
    }
}
