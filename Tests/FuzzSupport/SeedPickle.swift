/// Small pickles written by hand, over the storages of `FuzzSeeds.torchFile`: 16 floats each.
struct SeedPickle {
    let bytes: [UInt8]

    private init(_ parts: [[UInt8]]) { bytes = [0x80, 2] + parts.joined() + [0x2e] }

    /// `OrderedDict` of three tensors, one of them a view of another's storage.
    static let stateDict = SeedPickle([
        global("collections", "OrderedDict"), [0x29, 0x52], [0x71, 0], [0x28],
        text("a.weight"), tensor("0", shape: [4, 4], strides: [4, 1]),
        text("a.bias"), tensor("1", shape: [16], strides: [1]),
        text("view"), tensor("0", offset: 1, shape: [3, 2], strides: [1, 4]), [0x75],
    ])

    /// A training state: dictionaries, lists, numbers of every spelling, a memo that is read, an unknown class.
    static let training = SeedPickle([
        [0x7d, 0x71, 1, 0x28],
        text("model"), [0x7d], text("w"),
        tensor("2", kind: "DoubleStorage", count: 8, shape: [2, 4], strides: [4, 1]),
        [0x73], text("epoch"), [0x4b, 7], text("seed"), [0x8a, 9] + [UInt8](repeating: 0x7f, count: 9),
        text("lr"), [0x47, 0x3f, 0x50, 0x62, 0x4d, 0xd2, 0xf1, 0xa9, 0xfc], text("flags"),
        [0x5d, 0x28, 0x88, 0x89, 0x4e, 0x65],
        text("again"), [0x5d, 0x71, 2, 0x4a, 1, 0, 0, 0x80, 0x61], text("same"), [0x68, 2],
        text("args"), global("argparse", "Namespace"), [0x29, 0x81, 0x7d], text("arch"), text("vit"), [0x73, 0x62],
        text("set"), [0x8f, 0x28, 0x4b, 1, 0x4b, 2, 0x90], text("dtype"), global("torch", "float32"),
        [0x75],
    ])

    /// A whole module, as `torch.save(model)` wrote it.
    static let module = SeedPickle([
        global("torch.nn.modules.linear", "Linear"), [0x29, 0x81, 0x7d, 0x28],
        text("_parameters"), [0x7d, 0x28], text("weight"),
        global("torch._utils", "_rebuild_parameter"), [0x28], tensor("0", shape: [16], strides: [1]), [0x88],
        global("collections", "OrderedDict"), [0x29, 0x52, 0x74, 0x52], [0x75],
        text("_buffers"), [0x7d], text("_modules"), [0x7d],
        text("_non_persistent_buffers_set"), global("builtins", "set"), [0x5d, 0x85, 0x52], [0x75, 0x62],
    ])

    /// Arrays and numbers of NumPy.
    static let numpy = SeedPickle([
        [0x7d, 0x28], text("x"), global("numpy.core.multiarray", "_reconstruct"),
        global("numpy", "ndarray"), [0x4b, 0, 0x85, 0x43, 1, 0x62, 0x87, 0x52],
        [0x28, 0x4b, 1, 0x4b, 2, 0x85], type("f4"), [0x89, 0x43, 8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0x74, 0x62],
        text("y"), global("numpy.core.multiarray", "scalar"), type("f8"), [0x43, 8, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
        [0x86, 0x52], text("z"), global("_codecs", "encode"), text("\u{e9}a"), text("latin1"), [0x86, 0x52], [0x75],
    ])

    /// Protocol 0, all lines of text.
    static let oldText = SeedPickle([
        Array(
            "(dp0\nVname\np1\nI42\nsS'str\\x41\\n'\nL123456789012345678901234567890L\nsF1.5\n(lp2\nI01\naI00\nasg1\ng2\ns"
                .utf8)
    ])

    private static func text(_ text: String) -> [UInt8] {
        [0x58, UInt8(text.utf8.count), 0, 0, 0] + Array(text.utf8)
    }

    private static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

    private static func integers(_ numbers: [Int]) -> [UInt8] {
        [0x28] + numbers.flatMap { [0x4b, UInt8($0)] } + [0x74]
    }

    private static func type(_ name: String) -> [UInt8] {
        global("numpy", "dtype") + text(name) + [0x89, 0x88, 0x87, 0x52, 0x28, 0x4b, 3] + text("<") + [
            0x4e, 0x4e, 0x4e,
        ]
            + [0x4a, 255, 255, 255, 255, 0x4a, 255, 255, 255, 255, 0x4b, 0, 0x74, 0x62]
    }

    private static func tensor(
        _ key: String, kind: String = "FloatStorage", count: Int = 16, offset: Int = 0, shape: [Int], strides: [Int]
    ) -> [UInt8] {
        let storage =
            [0x28] + text("storage") + global("torch", kind) + text(key) + text("cpu") + [
                0x4b, UInt8(count), 0x74, 0x51,
            ]
        return global("torch._utils", "_rebuild_tensor_v2") + [0x28] + storage + [0x4b, UInt8(offset)]
            + integers(shape) + integers(strides) + [0x89] + global("collections", "OrderedDict")
            + [0x29, 0x52, 0x74, 0x52]
    }
}
