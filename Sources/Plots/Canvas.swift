import CCairo

/// A sheet to draw on, in logical pixels of which each is `scale` real ones wide: the only place that talks to Cairo.
///
/// A class because the sheet is memory of Cairo's. It stays inside a function and is never shared.
final class Canvas {
    /// Where a text sits against its point.
    enum Alignment { case start, middle, end }

    let width: Double
    let height: Double
    private let surface: OpaquePointer
    private let context: OpaquePointer

    /// A white sheet.
    init(width: Double, height: Double, scale: Double = 2) {
        self.width = width
        self.height = height
        surface = cairo_image_surface_create(
            CAIRO_FORMAT_RGB24, Self.pixels(width * scale), Self.pixels(height * scale))
        context = cairo_create(surface)
        cairo_scale(context, scale, scale)
        setColor(Color(red: 255, green: 255, blue: 255))
        cairo_paint(context)
        cairo_select_font_face(context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL)
        cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
    }

    /// Cairo makes no larger sheet.
    private static func pixels(_ length: Double) -> Int32 {
        Int32(exactly: min(max(length, 1), 32_767).rounded(.up)) ?? 1
    }

    deinit {
        cairo_destroy(context)
        cairo_surface_destroy(surface)
    }

    /// A line through `points`.
    func line(_ points: [(x: Double, y: Double)], color: Color, width: Double, opacity: Double = 1) {
        trace(points)
        setColor(color, opacity: opacity)
        cairo_set_line_width(context, width)
        cairo_stroke(context)
    }

    /// The area inside `points`.
    func fill(_ points: [(x: Double, y: Double)], color: Color, opacity: Double = 1) {
        trace(points)
        cairo_close_path(context)
        setColor(color, opacity: opacity)
        cairo_fill(context)
    }

    func disk(x: Double, y: Double, radius: Double, color: Color) {
        cairo_new_path(context)
        cairo_arc(context, x, y, radius, 0, 2 * .pi)
        setColor(color)
        cairo_fill(context)
    }

    func rectangle(x: Double, y: Double, width: Double, height: Double, color: Color, lineWidth: Double) {
        cairo_new_path(context)
        cairo_rectangle(context, x, y, width, height)
        setColor(color)
        cairo_set_line_width(context, lineWidth)
        cairo_stroke(context)
    }

    /// Draws what `body` draws inside the rectangle only.
    func clipped(x: Double, y: Double, width: Double, height: Double, _ body: () -> Void) {
        cairo_save(context)
        cairo_new_path(context)
        cairo_rectangle(context, x, y, width, height)
        cairo_clip(context)
        body()
        cairo_restore(context)
    }

    /// The picture stretched over the rectangle, its pixels with hard edges.
    func draw(_ raster: Raster, x: Double, y: Double, width: Double, height: Double) {
        let image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(raster.width), Int32(raster.height))
        defer { cairo_surface_destroy(image) }
        guard cairo_surface_status(image) == CAIRO_STATUS_SUCCESS, let pixels = cairo_image_surface_get_data(image)
        else {
            return
        }
        let stride = Int(cairo_image_surface_get_stride(image))
        cairo_surface_flush(image)
        for row in 0..<raster.height {
            for column in 0..<raster.width {
                // Cairo holds blue, green, red and a byte that does not count.
                let source = (row * raster.width + column) * 3, target = pixels + row * stride + column * 4
                target[0] = raster.rgb[source + 2]
                target[1] = raster.rgb[source + 1]
                target[2] = raster.rgb[source]
                target[3] = 255
            }
        }
        cairo_surface_mark_dirty(image)
        cairo_save(context)
        cairo_translate(context, x, y)
        cairo_scale(context, width / Double(raster.width), height / Double(raster.height))
        cairo_set_source_surface(context, image, 0, 0)
        cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_NEAREST)
        cairo_new_path(context)
        cairo_rectangle(context, 0, 0, Double(raster.width), Double(raster.height))
        cairo_fill(context)
        cairo_restore(context)
    }

    /// A line of text whose baseline goes through (x, y).
    func text(
        _ text: String, x: Double, y: Double, size: Double, align: Alignment = .start, color: Color = .ink,
        bold: Bool = false, quarterTurn: Bool = false
    ) {
        select(size: size, bold: bold)
        let width = advance(text)
        let offset: Double =
            switch align {
            case .start: 0
            case .middle: -width / 2
            case .end: -width
            }
        cairo_save(context)
        cairo_translate(context, x, y)
        if quarterTurn { cairo_rotate(context, -.pi / 2) }
        cairo_move_to(context, offset, 0)
        setColor(color)
        cairo_show_text(context, text)
        cairo_restore(context)
        cairo_new_path(context)
    }

    /// How far `text` reaches.
    func width(of text: String, size: Double, bold: Bool = false) -> Double {
        select(size: size, bold: bold)
        return advance(text)
    }

    /// The sheet as a PNG file; empty where memory was lacking.
    func png() -> [UInt8] {
        cairo_surface_flush(surface)
        var bytes: [UInt8] = []
        let status = withUnsafeMutablePointer(to: &bytes) { target in
            cairo_surface_write_to_png_stream(
                surface,
                { closure, data, length in
                    guard let closure, let data else { return CAIRO_STATUS_WRITE_ERROR }
                    closure.assumingMemoryBound(to: [UInt8].self).pointee
                        .append(contentsOf: UnsafeBufferPointer(start: data, count: Int(length)))
                    return CAIRO_STATUS_SUCCESS
                }, target)
        }
        return status == CAIRO_STATUS_SUCCESS ? bytes : []
    }

    private func trace(_ points: [(x: Double, y: Double)]) {
        cairo_new_path(context)
        for (index, point) in points.enumerated() {
            if index == 0 { cairo_move_to(context, point.x, point.y) } else { cairo_line_to(context, point.x, point.y) }
        }
    }

    private func setColor(_ color: Color, opacity: Double = 1) {
        cairo_set_source_rgba(
            context, Double(color.red) / 255, Double(color.green) / 255, Double(color.blue) / 255, opacity)
    }

    private func select(size: Double, bold: Bool) {
        cairo_select_font_face(
            context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
        cairo_set_font_size(context, size)
    }

    private func advance(_ text: String) -> Double {
        var extents = cairo_text_extents_t()
        cairo_text_extents(context, text, &extents)
        return extents.x_advance
    }
}

extension Color {
    /// Text and axes.
    static let ink = Color(red: 0x22, green: 0x22, blue: 0x22)
    static let grid = Color(red: 0xe3, green: 0xe3, blue: 0xe3)
    static let white = Color(red: 255, green: 255, blue: 255)
}

extension Raster {
    /// The picture as a PNG file.
    public func png() -> [UInt8] {
        let canvas = Canvas(width: Double(width), height: Double(height), scale: 1)
        canvas.draw(self, x: 0, y: 0, width: Double(width), height: Double(height))
        return canvas.png()
    }
}
