import Catalogue
import Images
import JSON
import Platform
import Plots
import Tensors

/// Draws results.
struct ResultPicture {
    /// Maps on one picture at the most: more are dots.
    private static let mapLimit = 576
    /// Maps are drawn at least this large, pixels.
    static let side = 448

    let result: AnalysisResult
    /// What the models see of the scene's images, for maps that are laid over them; empty otherwise.
    let views: [Image]

    /// Draws the figure whose `values` are asked for, the first where nothing is.
    ///
    /// - Throws: `ServiceError.invalid` for what does not go on a picture.
    func png(figure wanted: String? = nil) throws(ServiceError) -> [UInt8] {
        let figure = result.figures.first { wanted == nil || $0.values == wanted }
        guard let figure, let array = result.anyArray(figure.values) else {
            throw .invalid("/format", "This answer has no figure to draw. Ask for json, npy, npz or csv.")
        }
        switch figure.form {
        case .lines: return lines(figure, array)
        case .heatMap: return heatMap(figure, array)
        case .scatter: return scatter(figure, array)
        case .maps: return try maps(figure, array)
        case .colours: return try colours(figure, array)
        case .images: return try images(figure, array)
        case .labels: return try labels(figure, array)
        }
    }

    /// - Throws: `ServiceError.invalid` where so many maps do not go on a picture.
    static func checkMaps(_ count: Int) throws(ServiceError) {
        guard count > mapLimit else { return }
        throw .invalid(
            "/format",
            "A PNG shows at most \(mapLimit) maps, and these are \(count). Ask for fewer images, layers or heads.")
    }

    var title: String {
        let models = result.scene.modelNames.joined(separator: " · ")
        guard count("n_images") > 0 else { return models }
        let images =
            result.scene.sources.count == 1
            ? result.scene.sources[0].ref.shortened(to: 24) : "\(count("n_images")) images"
        return "\(models), \(images)"
    }

    private func count(_ field: String) -> Int {
        if case .int(let number)? = result[field] { return number }
        return 0
    }
}

// Maps

extension ResultPicture {
    private func maps(_ figure: ResultFigure, _ array: NamedArray) throws(ServiceError) -> [UInt8] {
        guard case .float32(let tensor) = array.numbers else {
            throw .internalFault("the result \(result.id) has no maps")
        }
        let stack = MapStack(array, tensor)
        try Self.checkMaps(stack.count)
        return drawn(
            figure, array, count: stack.count, perImage: stack.perImage, columns: stack.columns
        ) { raster(stack.matrix($0), array, image: $0 / stack.perImage) }
    }

    /// So many rasters in a grid, or the only one by itself.
    func drawn(
        _ figure: ResultFigure, _ array: NamedArray, count: Int, perImage: Int, columns: Int, _ raster: (Int) -> Raster
    ) -> [UInt8] {
        if count == 1 {
            let map = raster(0)
            // A map alone shows its cells at any size; an image is worth a closer look.
            let side = views.isEmpty ? Self.side / 2 : Self.side
            return PNG.encode(Image(map.enlarged(max(1, (side + map.width - 1) / map.width))), level: 3)
        }
        let cells = stride(from: 0, to: count, by: columns).map { start in
            (start..<min(start + columns, count)).map(raster)
        }
        return MapGrid(
            cells, rowNames: rowNames(figure, isOneImage: perImage == count, array), columnNames: columnNames(figure),
            title: "\(figure.title): \(title)"
        ).png()
    }

    /// A map in colours from its least to its greatest number, over the image where there is one.
    private func raster(_ matrix: Matrix, _ array: NamedArray, image: Int) -> Raster {
        let size = result.scene.transform.map { ($0.width, $0.height) } ?? (Self.side, Self.side)
        // Maps of the patches have the image's shape; other matrices have their own.
        guard array.axes.last == "key_col", !MapStack.hasQueries(array) else {
            let cell = max(1, Self.side / max(matrix.rows, matrix.cols))
            // A single row is drawn as a strip that can be seen.
            return Raster(
                matrix, colorMap: .plasma, range: matrix.range, width: matrix.cols * cell,
                height: max(matrix.rows * cell, 24))
        }
        var map = overlaid(
            Raster(matrix, colorMap: .plasma, range: matrix.range, width: size.0, height: size.1), image: image)
        // Where the first image's patch asks all, it is in the first.
        if image == 0 || result["across"] != .bool(true) { mark(&map) }
        return map
    }

    /// `map` over the image where there is one of its size.
    func overlaid(_ map: Raster, image: Int) -> Raster {
        guard views.indices.contains(image), views[image].width == map.width, views[image].height == map.height else {
            return map
        }
        return map.blended(over: Raster(views[image]), opacity: 0.6)
    }

    /// A white frame around the patch whose attention is shown.
    private func mark(_ map: inout Raster) {
        let parts = result.text("query").split(separator: ",").compactMap { Int($0) }
        guard parts.count == 2, case .int(let patch)? = result["patch_size"] else { return }
        map.frame(
            x: parts[1] * patch, y: parts[0] * patch, width: patch, height: patch, thickness: max(1, patch / 8),
            color: Color(red: 255, green: 255, blue: 255))
    }

    private func rowNames(_ figure: ResultFigure, isOneImage: Bool, _ array: NamedArray) -> [String] {
        guard let series = figure.series else { return [] }
        let images = result.scene.sources.map { $0.ref.shortened(to: 20) }
        let noun = array.axes.contains("depth") ? "depth" : "block"
        let layers = result.names(series).map { "\(noun) \($0)" }
        if isOneImage { return layers }
        return images.flatMap { image in layers.map { layers.count > 1 ? "\(image) \($0)" : image } }
    }

    private func columnNames(_ figure: ResultFigure) -> [String] {
        let heads = figure.x.map { result.names($0) } ?? []
        return heads.map { Int($0) == nil ? $0 : "head \($0)" }
    }
}

/// The two innermost extents of an array as matrices, one after another.
private struct MapStack {
    let count: Int
    /// How many of them belong to one image.
    let perImage: Int
    /// How many stand side by side.
    let columns: Int
    private let rows: Int
    private let cols: Int
    private let tensor: Tensor

    /// Whether the maps of several queries stand in it.
    static func hasQueries(_ array: NamedArray) -> Bool {
        zip(array.axes, array.shape).contains { $0 == "query" && $1 > 1 }
    }

    init(_ array: NamedArray, _ tensor: Tensor) {
        let shape = array.shape
        // Every query: the matrix of queries and keys is the picture.
        if Self.hasQueries(array), shape.count > 4 {
            (rows, cols) = (shape[shape.count - 3], shape[shape.count - 2] * shape[shape.count - 1])
        } else {
            (rows, cols) = (shape[shape.count - 2], shape[shape.count - 1])
        }
        count = max(tensor.count / max(rows * cols, 1), 1)
        perImage = max(count / max(shape[0], 1), 1)
        // Heads, or ways to make a map, stand side by side.
        let side = array.axes.firstIndex { $0 == "head" || $0 == "method" }.map { shape[$0] }
        columns = side ?? (array.axes.contains("query") ? 1 : shape.count > 3 ? max(shape[2], 1) : min(8, count))
        self.tensor = tensor
    }

    func matrix(_ index: Int) -> Matrix {
        let start = index * rows * cols
        return Matrix(rows: rows, cols: cols, values: (0..<rows * cols).map { Double(tensor[flat: start + $0]) })
    }
}

extension Raster {
    init(_ image: Image) { self.init(width: image.width, height: image.height, rgb: image.pixels) }
}

extension Image {
    fileprivate init(_ raster: Raster) { self.init(height: raster.height, width: raster.width, pixels: raster.rgb) }
}
